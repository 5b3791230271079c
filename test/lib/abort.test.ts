import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Generation, Model } from '../../lib/index.js';
import { endless, eventually, idle, loadTestModel } from '../support/with-model.js';

async function rejection(generation: Generation): Promise<unknown> {
  return generation.then(
    () => assert.fail('It did not reject.'),
    (reason: unknown) => reason,
  );
}

describe('an AbortSignal', () => {
  let model: Model;
  before(async () => {
    model = await loadTestModel({ parallel: 1 });
  });
  after(async () => {
    await model.unload();
  });

  it('that has aborted before keeps a generation from starting', async () => {
    const { requestsFinished } = model.stats();
    const reason = new Error('never mind');
    const generation = model.complete('Once', { ...endless, signal: AbortSignal.abort(reason) });
    assert.equal(await rejection(generation), reason);
    await assert.rejects(generation[Symbol.asyncIterator]().next(), reason);
    assert.equal(model.stats().requestsFinished, requestsFinished);
  });

  it('while it waits for a sequence ends a generation that never ran', async () => {
    const running = model.complete('Once', endless);
    const abort = new AbortController();
    const waiting = model.complete('Once', { ...endless, signal: abort.signal });
    await eventually('one runs and one waits', () => {
      const { sequencesBusy, queued } = model.stats();
      return sequencesBusy === 1 && queued === 1;
    });
    abort.abort();
    assert.equal(await rejection(waiting), abort.signal.reason);
    await eventually('nothing waits', () => model.stats().queued === 0);
    running.cancel();
    assert.equal((await running).stopReason, 'cancelled');
    await idle(model);
  });

  it('while it streams ends both the reader and whoever awaits', async () => {
    const abort = new AbortController();
    const generation = model.complete('Once', { ...endless, signal: abort.signal });
    let parts = 0;
    await assert.rejects(
      async () => {
        for await (const part of generation) {
          assert.notEqual(part.text, '');
          if (++parts === 3) abort.abort();
        }
      },
      (error: unknown) => error === abort.signal.reason,
    );
    assert.equal(parts, 3);
    assert.equal(await rejection(generation), abort.signal.reason);
    await idle(model);
  });

  it('after the end changes nothing', async () => {
    const abort = new AbortController();
    const generation = model.complete('Once', { temperature: 0, maxTokens: 3, signal: abort.signal });
    const { text } = await generation;
    abort.abort();
    assert.equal((await generation).text, text);
  });

  it('may be shared by many generations without a warning of a leak', async () => {
    const warnings: Error[] = [];
    const gather = (warning: Error): void => void warnings.push(warning);
    process.on('warning', gather);
    const abort = new AbortController();
    const { signal } = abort;
    const finished = await model.complete('Once', { temperature: 0, maxTokens: 1, signal });
    const generations = Array.from({ length: 40 }, () => model.complete('Once', { ...endless, signal }));
    abort.abort();
    for (const generation of generations) assert.equal(await rejection(generation), signal.reason);
    await idle(model);
    process.off('warning', gather);
    assert.equal(finished.usage.completionTokens, 1);
    assert.deepEqual(warnings, []);
  });

  it('ends the waiting for embeddings', async () => {
    const reason = new Error('enough');
    await assert.rejects(model.embed('x', { signal: AbortSignal.abort(reason) }), reason);
    const abort = new AbortController();
    const embeddings = model.embed(['x', 'y', 'z'], { signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(embeddings, reason);
  });
});
