import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A process that has not ended by then never will. */
const deadlineMs = 60_000;

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of this folder's `processes/` to its end; the failure says how far one that hangs has come. */
async function run(script: string, ...flags: string[]): Promise<Ending> {
  const file = fileURLToPath(new URL(`processes/${script}.ts`, import.meta.url));
  const child = spawn(process.execPath, [...flags, '--import', 'tsx', file], { cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, deadlineMs);
  await once(child, 'close');
  clearTimeout(deadline);
  const half = stdout.includes('done') ? 'it did its work and then did not exit' : 'it did not do its work';
  assert.ok(!isLate, `${script} hung: ${half}. ${stdout}${stderr}`);
  return { code: child.exitCode, signal: child.signalCode, stdout: stdout.trim(), stderr };
}

describe('a process', () => {
  const endings: readonly (readonly [behaviour: string, script: string, stdout: RegExp, ...flags: string[]])[] = [
    ['that unloads its model exits', 'load-and-exit', /^done$/u],
    ['exits although an idle model is loaded', 'idle-model', /^done with llama$/u],
    ['stays until running work is done', 'running-work', /^done: length$/u],
    ['exits although streams were abandoned', 'abandoned-stream', /^done with 2$/u],
    ['cancels streams that nobody holds any more', 'dropped-stream', /^done$/u, '--expose-gc'],
    ['forgets a model that nobody holds any more', 'dropped-model', /^done$/u, '--expose-gc'],
    ['reports sinks that throw, and the other streams lose nothing', 'throwing-sink', /^done: onEnd onFlush onText$/u],
  ];
  for (const [behaviour, script, stdout, ...flags] of endings) {
    it(behaviour, async () => {
      const ending = await run(script, ...flags);
      assert.deepEqual([ending.code, ending.signal], [0, null], ending.stderr);
      assert.match(ending.stdout, stdout);
    });
  }

  it('that exits in the middle of a stream exits with its code', async () => {
    const ending = await run('exit-while-streaming');
    assert.deepEqual([ending.code, ending.signal, ending.stdout], [7, null, 'done'], ending.stderr);
  });
});
