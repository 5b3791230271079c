import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseOptions, UsageError } from '../../bench/options.js';

const scenarios = ['single-stream', 'cancel'];
const mainFile = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

describe('the options of the benchmark', () => {
  it('default to five runs of everything on cores 0 and 1', () => {
    const options = parseOptions([], scenarios);
    assert.deepEqual([options?.runs, options?.only, options?.models], [5, undefined, undefined]);
    assert.deepEqual(options?.cores, { server: 0, client: 1 });
  });

  it('take lists, and one run when quick unless told otherwise', () => {
    const options = parseOptions(['--quick', '--only', 'cancel', '--models', 'nano,160m'], scenarios);
    assert.deepEqual([options?.runs, options?.only, options?.models], [1, ['cancel'], ['nano', '160m']]);
    assert.equal(parseOptions(['--quick', '--runs', '3'], scenarios)?.runs, 3);
  });

  for (const args of [
    ['--only', 'cancle'],
    ['--models', '7b'],
    ['--runs', '0'],
    ['--runs', 'many'],
    ['--cores', '1,1'],
    ['--cores', '0'],
    ['--fast'],
  ]) {
    it(`refuse ${args.join(' ')}`, () => {
      assert.throws(() => parseOptions(args, scenarios), UsageError);
    });
  }

  it('are explained by the command, which exits 2 for what it does not know', () => {
    const run = (flag: string): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, ['--import', 'tsx', mainFile, flag], { encoding: 'utf8' });
    const help = run('--help');
    assert.equal(help.status, 0);
    assert.match(help.stdout, /--quick/u);
    const wrong = run('--fast');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /--fast[\s\S]*--quick/u);
  });
});
