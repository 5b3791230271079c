/** What runs a library in a process of its own, and what makes a process slower from outside. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { decodeWork } from '../../bench/decode-rate.js';
import { builtinEmber } from '../../bench/models.js';
import { infernoInProcess, PeerProcess } from '../../bench/peers/in-process.js';
import { PlantedSlowdown } from '../../bench/planted-slowdown.js';
import { ChildProcesses, startBusyLoop } from '../../bench/processes.js';
import { eventually } from '../support/with-server.js';

const built = existsSync(new URL('../../dist/index.js', import.meta.url));
const linux = process.platform === 'linux';

describe('a library in a process of its own', { skip: built ? false : 'dist/ is not built' }, () => {
  it('generates for all streams at once, as many tokens as asked for', async () => {
    await using children = new ChildProcesses();
    const model = { modelPath: builtinEmber, streams: 3, contextSize: 128, threads: 1 };
    const peer = await PeerProcess.start(children, infernoInProcess, model, undefined);
    const records = await peer.generate(['Once upon a time', 'One day', 'The'], 20);
    assert.deepEqual(
      records.map(({ completionTokens, failure }) => [completionTokens, failure]),
      [20, 20, 20].map((tokens) => [tokens, null]),
    );
    assert.equal(decodeWork(records, 20).tokens, 3 * 19);
    await peer.stop();
  });

  it('that cannot load its model fails in its own words', async () => {
    await using children = new ChildProcesses();
    const model = { modelPath: '/no/such/model.gguf', streams: 1, contextSize: 128, threads: 1 };
    await assert.rejects(PeerProcess.start(children, infernoInProcess, model, undefined), /model\.gguf/u);
  });
});

describe('a planted slowdown', { skip: linux ? false : 'reads /proc' }, () => {
  const stateOf = (pid: number): string =>
    /^State:\s+(\w)/mu.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? '';

  it('stops its process again and again, and leaves it running', async () => {
    await using children = new ChildProcesses();
    const child = await startBusyLoop(children, 0);
    const slowdown = new PlantedSlowdown(child.pid, 1);
    await eventually('the process is stopped', () => stateOf(child.pid) === 'T');
    await eventually('the process runs again', () => stateOf(child.pid) !== 'T');
    await eventually('it was stopped for a while', () => slowdown.achieved > 0);
    await slowdown.end();
    await eventually('the process runs', () => stateOf(child.pid) === 'R');
  });
});
