import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { InfernoError, loadModel } from '../../lib/index.js';
import type { GenerationOptions, Model } from '../../lib/index.js';
import { endless, eventually, firstTestModel, idle, loadTestModel } from '../support/with-model.js';

const fails = (code: string) => (error: unknown) => InfernoError.isInstance(error) && error.code === code;

/** One sequence, on which a long generation runs. */
async function loadBusyModel(): Promise<Model> {
  const model = await loadTestModel({ contextSize: 32_768, parallel: 1 });
  model.complete('Once', endless).result.catch(() => undefined);
  await eventually('it runs', () => model.queueStatus().running === 1);
  return model;
}

describe('scheduling of generations', () => {
  it('a generation tells where it stands until it has ended', async () => {
    await using model = await loadBusyModel();
    const options: GenerationOptions = { ...endless, priority: 'low', user: 'alice', estimatedTokens: 100 };
    const first = model.complete('Once', options);
    const second = model.complete('Once', options);
    await eventually('both wait', () => model.queueStatus().queued === 2);
    assert.deepEqual([first.position()?.state, first.position()?.position], ['waiting', 0]);
    assert.deepEqual([second.position()?.state, second.position()?.position], ['waiting', 1]);
    first.cancel();
    await first;
    assert.equal(first.position(), undefined);
    await eventually('the second one is next', () => second.position()?.position === 0);
    second.cancel();
  });

  it('the status counts by priority', async () => {
    await using model = await loadTestModel();
    for (const priority of ['vip', 'high', 'normal', 'low'] as const) {
      await model.complete('Once', { maxTokens: 2, priority });
    }
    await model.complete('Once', { maxTokens: 2 });
    await idle(model);
    const { byTier, policy, capacity, workers, finished } = model.queueStatus();
    assert.deepEqual(
      byTier.map((tier) => tier.started),
      [1, 1, 2, 1],
    );
    assert.deepEqual([policy, capacity, finished, workers.total], ['priority', 10_000, 5, 8]);
  });

  it('a vip starts at once on a model without a free sequence', async () => {
    await using model = await loadBusyModel();
    const { usage } = await model.complete('Once', { maxTokens: 3, ignoreEos: true, priority: 'vip' });
    assert.equal(usage.completionTokens, 3);
    assert.equal(model.queueStatus().preempted, 1);
  });

  it('with the policy fifo it waits like everybody', async () => {
    await using model = await loadTestModel({ contextSize: 2048, parallel: 1, scheduling: { policy: 'fifo' } });
    const order: string[] = [];
    const run = async (name: string, options: GenerationOptions): Promise<void> => {
      await model.complete('Once', { ignoreEos: true, ...options });
      order.push(name);
    };
    const long = run('long', { maxTokens: 1500 });
    await eventually('the long one runs', () => model.queueStatus().running === 1);
    const low = run('low', { maxTokens: 1, priority: 'low' });
    await eventually('the low one waits', () => model.queueStatus().queued === 1);
    await Promise.all([long, low, run('vip', { maxTokens: 1, priority: 'vip' })]);
    assert.deepEqual(order, ['long', 'low', 'vip']);
    assert.equal(model.queueStatus().policy, 'fifo');
  });

  it('one that cannot start before its deadline fails with deadline_exceeded', async () => {
    await using model = await loadBusyModel();
    await assert.rejects(model.complete('Once', { maxTokens: 1, deadlineMs: 30 }).result, fails('deadline_exceeded'));
    assert.equal(model.queueStatus().expired, 1);
  });
});

describe('options of scheduling, cache and speculation', () => {
  it('reach the engine', async () => {
    await using model = await loadTestModel({
      scheduling: { policy: 'fifo', queueCapacity: 7 },
      cache: { memoryBytes: 1_000_000 },
      speculation: 'off',
    });
    const { policy, capacity, cache } = model.queueStatus();
    assert.deepEqual([policy, capacity, cache.memoryLimitBytes, cache.diskLimitBytes], ['fifo', 7, 1_000_000, 0]);
    await model.complete('one two one two one two one two', { maxTokens: 20, temperature: 0, ignoreEos: true });
    assert.equal(model.stats().tokensDrafted, 0);
  });

  it('a draft model is checked like any other file', async () => {
    const load = (draftModel: string): Promise<Model> =>
      loadModel(firstTestModel().path, { contextSize: 256, speculation: { draftModel } });
    await assert.rejects(load('no-such-draft.gguf'), fails('file_not_found'));
    await assert.rejects(load(fileURLToPath(import.meta.url)), fails('invalid_model_file'));
  });
});
