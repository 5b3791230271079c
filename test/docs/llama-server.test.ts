import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { llamaFlags } from '../../lib/cli/llama-flags/table.js';
import { llamaGetRoutes, llamaPostRoutes } from '../../lib/server/llama/routes.js';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const readme = fileOf('native/vendor/llama.cpp/tools/server/README.md');
const page = readFileSync(fileOf('docs/llama-server.md'), 'utf8');
/** Answered by the command line itself. */
const everyTool: ReadonlySet<string> = new Set(['-h', '--help', '--usage', '--version', '--draft-max']);

function namesIn(text: string): string[] {
  const rows = text.split('\n').flatMap((line) => /^\| `(?<flags>-(?:[^`])*)` \|/u.exec(line)?.groups?.['flags'] ?? []);
  return rows.flatMap((row) => row.split(/,? +/u).filter((word) => /^--?[a-zA-Z]/u.test(word)));
}

describe('the table of flags', () => {
  it(
    "has every flag of llama-server's documentation",
    { skip: existsSync(readme) ? false : 'no vendored tree' },
    () => {
      const known = new Set(llamaFlags.flatMap(({ names }) => names));
      const removed = 'the argument has been removed';
      const current = readFileSync(readme, 'utf8')
        .split('\n')
        .filter((line) => !line.includes(removed))
        .join('\n');
      const missing = namesIn(current).filter((name) => !known.has(name) && !everyTool.has(name));
      assert.deepEqual(missing, []);
    },
  );

  it('is the one of docs/llama-server.md', () => {
    const documented = new Set(namesIn(page));
    const missing = llamaFlags.flatMap(({ names }) => names).filter((name) => !documented.has(name));
    assert.deepEqual(missing, []);
  });
});

describe('the routes', () => {
  it('are all in docs/llama-server.md', () => {
    const paths = [...llamaGetRoutes, ...llamaPostRoutes].map(({ path }) => path.replace('/*', '/{id}'));
    assert.deepEqual(
      paths.filter((path) => !page.includes(path)),
      [],
    );
  });
});
