import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadModel } from '../../lib/index.js';
import { Balancer, balancingNames } from '../../lib/replicas/balancer.js';
import type { ReplicaLoad } from '../../lib/replicas/balancer.js';
import { prefixKeys } from '../../lib/replicas/prefix-affinity.js';

const idle: ReplicaLoad = { generations: 0, tokens: 0, tokensPerSecond: 0, isAiling: false };
const placement = { prefixKeys: [], tokens: 100 };

const someLoads = fc.array(
  fc.record({
    generations: fc.nat(50),
    tokens: fc.nat(100_000),
    tokensPerSecond: fc.nat(1000),
    isAiling: fc.boolean(),
  }),
  { minLength: 1, maxLength: 16 },
);

describe('balancer', () => {
  it('gives every replica its turn when they are alike, whatever the strategy', () => {
    for (const name of balancingNames) {
      const balancer = new Balancer(name);
      const loads = Array<ReplicaLoad>(5).fill(idle);
      const chosen = Array.from({ length: 50 }, () => balancer.choose(placement, loads));
      for (let index = 0; index < 5; index++) {
        assert.equal(chosen.filter((replica) => replica === index).length, 10, `${name}, replica ${String(index)}`);
      }
    }
  });

  it('never gives work to an ailing replica while there is a healthy one', () => {
    fc.assert(
      fc.property(someLoads, fc.constantFrom(...balancingNames), (loads, name) => {
        const chosen = loads[new Balancer(name).choose(placement, loads)];
        assert.ok(chosen !== undefined);
        assert.ok(!chosen.isAiling || loads.every(({ isAiling }) => isAiling));
      }),
    );
  });

  it('chooses a replica with the fewest tokens, or the one that is done first', () => {
    fc.assert(
      fc.property(someLoads, (given) => {
        const loads = given.map((load) => ({ ...load, isAiling: false, tokensPerSecond: load.tokensPerSecond + 1 }));
        const least = loads[new Balancer('least-loaded').choose(placement, loads)];
        assert.equal(least?.tokens, Math.min(...loads.map(({ tokens }) => tokens)));
        const seconds = loads.map(({ tokens, tokensPerSecond }) => (tokens + placement.tokens) / tokensPerSecond);
        const soonest = new Balancer('earliest-completion').choose(placement, loads);
        assert.equal(seconds[soonest], Math.min(...seconds));
      }),
    );
  });

  it('keeps a conversation on its replica until another would be much sooner', () => {
    const balancer = new Balancer('prefix-affinity');
    const loads = Array<ReplicaLoad>(4).fill({ ...idle, tokensPerSecond: 100 });
    let text = 'You are a helpful assistant. '.repeat(20);
    const first = balancer.choose({ prefixKeys: prefixKeys(text), tokens: 100 }, loads);
    for (let turn = 0; turn < 10; turn++) {
      text += 'Another turn of this conversation. '.repeat(10);
      assert.equal(balancer.choose({ prefixKeys: prefixKeys(text), tokens: 100 }, loads), first);
    }
    const busy = loads.map((load, index) => (index === first ? { ...load, tokens: 5000 } : load));
    const moved = balancer.choose({ prefixKeys: prefixKeys(text), tokens: 100 }, busy);
    assert.notEqual(moved, first);
    assert.equal(balancer.choose({ prefixKeys: prefixKeys(text), tokens: 100 }, loads), moved);
  });

  it('makes equal keys for equal beginnings only', () => {
    const shared = 'x'.repeat(600);
    const [one, other] = [prefixKeys(`${shared}${'a'.repeat(300)}`), prefixKeys(`${shared}${'b'.repeat(300)}`)];
    assert.equal(one.length, 3);
    assert.deepEqual(one.slice(0, 2), other.slice(0, 2));
    assert.notEqual(one[2], other[2]);
    assert.deepEqual(prefixKeys('short'), []);
  });
});

describe('a model of two replicas', () => {
  it('says the same on each, serves many at once and goes away whole', async () => {
    await using model = await loadModel('ember', {
      replicas: 2,
      balancing: 'round-robin',
      parallel: 4,
      contextSize: 256,
    });
    const options = { temperature: 0, maxTokens: 12 };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => model.complete('Once upon a time', options).then(({ text }) => text)),
    );
    assert.equal(new Set(answers).size, 1);
    assert.equal(model.stats().requestsFinished, 40);
    const status = model.queueStatus();
    assert.equal(status.finished, 40);
    assert.equal(status.workers.total, 8);
    assert.equal(
      status.byTier.reduce((sum, tier) => sum + tier.started, 0),
      40,
    );
    const single = await loadModel('ember', { parallel: 4, contextSize: 256 });
    assert.ok(model.memoryBytes() < 2 * single.memoryBytes(), 'the weights are shared');
    await single.unload();
  });

  it('cancels on the right replica', async () => {
    await using model = await loadModel('ember', {
      replicas: 3,
      balancing: 'least-loaded',
      parallel: 1,
      contextSize: 256,
    });
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const generations = controllers.map(({ signal }) =>
      model.complete('Once upon a time', { temperature: 0, ignoreEos: true, signal }),
    );
    for (const controller of controllers) controller.abort(new Error('enough'));
    const outcomes = await Promise.allSettled(generations);
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    for (let tries = 0; model.stats().sequencesBusy > 0 && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(model.stats().sequencesBusy, 0);
  });
});
