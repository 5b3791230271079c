import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ChildProcesses, startBusyLoop, untilReady } from '../../bench/processes.js';
import { eventually } from '../support/with-server.js';

const skip = process.platform === 'linux' ? false : 'binding to cores is done with taskset, which is Linux only';

function isAlive(pid: number): boolean {
  try {
    // A killed process whose parent is gone may stay as a zombie until somebody collects it.
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function startHarness(...args: readonly string[]): Promise<{ harness: ChildProcess; busyPid: number }> {
  const file = fileURLToPath(new URL('busy-harness.ts', import.meta.url));
  const harness = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(harness.stdout, 'data')) as [Buffer];
  return { harness, busyPid: Number(text.toString()) };
}

describe('the children of a benchmark', { skip }, () => {
  it('run on the core they are given', async () => {
    await using children = new ChildProcesses();
    const child = await startBusyLoop(children, 0);
    const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
    assert.match(status, /^Cpus_allowed_list:\s+0$/mu);
    await child.stop();
    assert.equal(isAlive(child.pid), false);
  });

  it('end with the list that holds them', async () => {
    const children = new ChildProcesses();
    const child = await startBusyLoop(children, 0);
    await children[Symbol.asyncDispose]();
    assert.equal(isAlive(child.pid), false);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`end when the benchmark gets ${signal}`, async () => {
      const { harness, busyPid } = await startHarness();
      assert.equal(isAlive(busyPid), true);
      const exited = once(harness, 'exit');
      harness.kill(signal);
      assert.deepEqual(await exited, [signal === 'SIGINT' ? 130 : 143, null]);
      await eventually('the child is gone', () => !isAlive(busyPid));
    });
  }

  it('end when the benchmark fails', async () => {
    const { harness, busyPid } = await startHarness('fail');
    if (harness.exitCode === null) await once(harness, 'exit');
    assert.equal(harness.exitCode, 1);
    await eventually('the child is gone', () => !isAlive(busyPid));
  });

  it('that fail say what they said on stderr', async () => {
    await using children = new ChildProcesses();
    const script = 'console.error("no such model"); process.exit(3)';
    const command = { file: process.execPath, args: ['-e', script] };
    await assert.rejects(children.run(command), /node failed \(exit 3\): no such model/u);
    await assert.rejects(
      untilReady(children.start(command), 'it was ready', () => false),
      /node ended before it was ready.*: no such model/u,
    );
  });

  it('that cannot be started are a failure, not a hang', async () => {
    await using children = new ChildProcesses();
    await assert.rejects(children.run({ file: '/no/such/program', args: [] }), /ENOENT/u);
  });
});
