import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { errorCodes } from '../../lib/error-codes.js';
import { packageVersion } from '../../lib/version.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('generated files', () => {
  it('are what the table and package.json make', () => {
    const run = spawnSync(process.execPath, ['scripts/generate.mjs', '--check'], { cwd: root, encoding: 'utf8' });
    assert.equal(run.stderr, '');
    assert.equal(run.status, 0);
  });

  it('hold every code of the C++ table, once, with its status', () => {
    const rows = [...read('native/core/error_codes.def').matchAll(/^INFERNO_ERROR\(\w+,\s*"(\w+)",\s*(\d+),/gmu)];
    const table = rows.map(([, code = '', status]) => [code, Number(status)]);
    assert.ok(table.length > 20);
    assert.deepEqual(
      Object.entries(errorCodes).map(([code, { status }]) => [code, status]),
      table,
    );
    const page = read('docs/errors.md');
    for (const [code] of table) assert.equal(page.split(`| \`${String(code)}\` |`).length, 2);
  });

  it('say the version of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    assert.equal(packageVersion, version);
  });
});
