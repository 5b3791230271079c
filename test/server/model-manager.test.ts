import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InfernoError } from '../../lib/index.js';
import { eventually } from '../support/with-server.js';
import { budgetForOne, gate, ManagedServer, ModelFiles, WatchedSource } from './managed-models.js';
import type { ModelState } from './managed-models.js';
import type { ErrorBody } from './openai-shapes.js';
import { postText, RawConnection } from './raw-connection.js';

/** Runs until it is cancelled or its context is full. */
const endless = { prompt: 'Once upon a time', max_tokens: 100_000, ignore_eos: true, stream: true };

let files: ModelFiles;
before(async () => {
  files = await ModelFiles.make();
});
after(async () => {
  await files.remove();
});

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  return ((await response.json()) as ErrorBody).error;
}

describe('a model that is not loaded', () => {
  it('is loaded by its first request, once for all that come meanwhile', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    await using server = await ManagedServer.start([ember]);
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 200);
    const { state, memory_bytes: none, last_used: unused } = await server.state('ember');
    assert.deepEqual([state, none, unused, ember.loads], ['unloaded', 0, null, 0]);
    const texts = await Promise.all(Array.from({ length: 12 }, () => server.textOf('ember')));
    assert.equal(new Set(texts).size, 1);
    assert.equal(ember.loads, 1);
    const loaded = await server.state('ember');
    assert.equal(loaded.state, 'loaded');
    assert.ok(ember.model !== undefined && loaded.memory_bytes >= ember.model.info.sizeBytes);
    assert.ok(Math.abs((loaded.last_used ?? 0) - Date.now() / 1000) < 60);
  });

  it('streams as well, also to a request that names no model', async () => {
    await using server = await ManagedServer.start([new WatchedSource('ember', files.pathOf('ember'))]);
    const response = await server.post('/v1/chat/completions', {
      messages: [{ role: 'user', content: 'Hello!' }],
      max_tokens: 4,
      stream: true,
    });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /data: \[DONE\]\n\n$/);
  });

  it('makes requests wait no longer than the limit, and goes on loading', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    const held = gate();
    ember.gate = held.closed;
    await using server = await ManagedServer.start([ember], { limits: { modelWaitMs: 30 } });
    const response = await server.complete('ember');
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get('retry-after')) >= 1);
    assert.equal((await errorOf(response)).code, 'model_loading');
    assert.equal((await server.state('ember')).state, 'loading');
    held.open();
    await eventually('the model is loaded', () => ember.isLoaded);
    assert.notEqual(await server.textOf('ember'), '');
    assert.equal(ember.loads, 1);
  });

  it('keeps a deadline', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    const held = gate();
    ember.gate = held.closed;
    await using server = await ManagedServer.start([ember]);
    const response = await server.complete('ember', { deadline_ms: 30 });
    assert.equal(response.status, 504);
    assert.equal((await errorOf(response)).code, 'deadline_exceeded');
    held.open();
  });

  it('forgets clients that leave, and has no use left over from them', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    const held = gate();
    ember.gate = held.closed;
    await using server = await ManagedServer.start([ember]);
    const leaving = await Promise.all(Array.from({ length: 5 }, () => RawConnection.open(server.server.port)));
    for (const connection of leaving) connection.send(postText('/v1/completions', { model: 'ember', ...endless }));
    await eventually('five requests wait', () => server.server.activeRequests === 5);
    const staying = server.textOf('ember');
    for (const connection of leaving) connection.destroy();
    await eventually('one request waits', () => server.server.activeRequests === 1);
    held.open();
    assert.notEqual(await staying, '');
    // It is unloaded at once only if nobody is counted as using it.
    const unloaded = (await (await server.post('/v1/models/ember/unload')).json()) as ModelState;
    assert.deepEqual([unloaded.state, ember.isLoaded], ['unloaded', false]);
  });

  it('is a failure for all that wait when it does not load, and is tried again later or when asked to', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    ember.failures.push(new InfernoError('decode_failed', 'It broke.'));
    await using server = await ManagedServer.start([ember]);
    const responses = await Promise.all(Array.from({ length: 5 }, () => server.complete('ember')));
    for (const response of responses) {
      assert.equal(response.status, 500);
      assert.equal((await errorOf(response)).message, 'It broke.');
    }
    assert.equal((await server.state('ember')).state, 'failed');
    const again = await server.complete('ember');
    assert.equal(again.status, 500);
    assert.equal(ember.loads, 1, 'it waits before it tries again');
    const loaded = await server.post('/v1/models/ember/load');
    assert.equal(loaded.status, 200);
    assert.equal(ember.loads, 2);
    assert.notEqual(await server.textOf('ember'), '');
  });

  it('is tried again by itself some time after it failed', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    ember.failures.push(new InfernoError('decode_failed', 'It broke.'));
    await using server = await ManagedServer.start([ember]);
    assert.equal((await server.complete('ember')).status, 500);
    await eventually('a request succeeds', async () => (await server.complete('ember')).status === 200);
    assert.equal(ember.loads, 2);
  });

  it('that does not fit the file format fails without naming its file', async () => {
    const path = new URL('../../package.json', import.meta.url).pathname;
    await using server = await ManagedServer.start([new WatchedSource('broken', path)]);
    const response = await server.complete('broken');
    const text = await response.text();
    assert.equal(response.status, 400);
    assert.match(text, /invalid_model_file/);
    assert.ok(!text.includes('package.json'));
  });
});

describe('models that take turns in memory', () => {
  it('lose none of 50 concurrent requests', async () => {
    const sources = [
      new WatchedSource('ember', files.pathOf('ember')),
      new WatchedSource('nano', files.pathOf('nano')),
    ] as const;
    const [ember, nano] = sources;
    await using server = await ManagedServer.start(sources, { memoryBudgetBytes: await budgetForOne(sources) });
    const expected = { ember: await server.textOf('ember'), nano: await server.textOf('nano') };
    assert.deepEqual([ember.isLoaded, nano.isLoaded], [false, true], 'one had to leave for the other');
    let both = 0;
    const watch = setInterval(() => {
      both += Number(ember.isLoaded && nano.isLoaded);
    }, 1);
    const ids = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 'ember' : 'nano'));
    const texts = await Promise.all(
      ids.map(async (id, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 5));
        return server.textOf(id);
      }),
    );
    clearInterval(watch);
    texts.forEach((text, index) => {
      assert.equal(text, ids[index] === 'ember' ? expected.ember : expected.nano);
    });
    assert.equal(both, 0);
    assert.ok(ember.loads > 1 && ember.unloads >= ember.loads - 1);
    for (let turn = 0; turn < 3; turn++) {
      const before = [ember.loads, nano.loads];
      assert.equal(await server.textOf('ember'), expected.ember);
      assert.equal(await server.textOf('nano'), expected.nano);
      assert.ok(ember.loads + nano.loads > (before[0] ?? 0) + (before[1] ?? 0));
    }
  });

  it('end what runs before they leave, and come back for those who waited', async () => {
    const sources = [
      new WatchedSource('ember', files.pathOf('ember')),
      new WatchedSource('nano', files.pathOf('nano')),
    ] as const;
    const [ember] = sources;
    await using server = await ManagedServer.start(sources, { memoryBudgetBytes: await budgetForOne(sources) });
    const running = await RawConnection.open(server.server.port);
    running.send(postText('/v1/completions', { model: 'ember', ...endless, max_tokens: 480 }));
    await running.until('data: ');
    const others = [server.textOf('nano'), server.textOf('ember'), server.textOf('nano'), server.textOf('ember')];
    await running.until('data: [DONE]');
    running.destroy();
    for (const text of await Promise.all(others)) assert.notEqual(text, '');
    assert.ok(!running.received.includes('"error"'));
    assert.ok(ember.unloads >= 1);
  });

  it('stay when nobody needs the room any more', async () => {
    const options = { contextSize: 16_384, parallel: 2, batchSize: 64 } as const;
    const sources = [
      new WatchedSource('ember', files.pathOf('ember'), { options }),
      new WatchedSource('nano', files.pathOf('nano'), { options }),
    ] as const;
    const [ember, nano] = sources;
    await using server = await ManagedServer.start(sources, { memoryBudgetBytes: await budgetForOne(sources) });
    const running = await RawConnection.open(server.server.port);
    running.send(postText('/v1/completions', { model: 'ember', ...endless }));
    await running.until('data: ');
    const wanting = await RawConnection.open(server.server.port);
    wanting.send(postText('/v1/completions', { model: 'nano', ...endless }));
    await eventually('nano waits for the room', async () => (await server.state('nano')).state === 'loading');
    // Waits for ember's return, which does not come before the endless stream has ended, unless ember stays.
    const waiting = server.textOf('ember');
    await eventually('three requests are open', () => server.server.activeRequests >= 3);
    wanting.destroy();
    assert.notEqual(await waiting, '');
    assert.deepEqual([ember.unloads, nano.loads], [0, 0]);
    assert.ok(!running.isClosed);
    running.destroy();
  });

  it('are refused with 507 when a pinned one has the memory, which says who', async () => {
    const sources = [
      new WatchedSource('ember', files.pathOf('ember'), { loadAtStart: true, pinned: true }),
      new WatchedSource('nano', files.pathOf('nano')),
    ] as const;
    await using server = await ManagedServer.start(sources, { memoryBudgetBytes: await budgetForOne(sources) });
    await server.server.ready();
    const refused = await server.complete('nano');
    assert.equal(refused.status, 507);
    const { code, message } = await errorOf(refused);
    assert.equal(code, 'out_of_memory');
    assert.match(message, /needs \d+ MiB, but only \d+ MiB .*ember \(\d+ MiB\)/);
    assert.equal((await server.state('nano')).state, 'unloaded');
    const unpinned = await server.post('/v1/models/ember/load', { pin: false });
    assert.equal(((await unpinned.json()) as ModelState).pinned, false);
    assert.notEqual(await server.textOf('nano'), '');
    assert.equal((await server.state('ember')).state, 'unloaded');
  });

  it('are refused with 507 when one takes more than was estimated and nothing else may go', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    ember.estimateBytes = () => Promise.resolve(1);
    await using server = await ManagedServer.start([ember], { memoryBudgetBytes: 4_000_000 });
    assert.equal((await server.complete('ember')).status, 507);
    await eventually('it was unloaded', () => !ember.isLoaded);
    assert.equal((await server.complete('ember')).status, 507);
    assert.equal(ember.loads, 1, 'what was measured counts the next time');
  });

  it('give their memory back', async () => {
    const options = { contextSize: 4096, parallel: 8 } as const;
    const sources = [
      new WatchedSource('ember', files.pathOf('ember'), { options }),
      new WatchedSource('nano', files.pathOf('nano'), { options }),
    ] as const;
    await using server = await ManagedServer.start(sources, { memoryBudgetBytes: await budgetForOne(sources) });
    const swap = async (): Promise<void> => {
      await server.textOf('ember');
      await server.textOf('nano');
    };
    // The allocator keeps some of it until it has seen the pattern.
    for (let turn = 0; turn < 4; turn++) await swap();
    const { memory_bytes: size } = await server.state('nano');
    const before = process.memoryUsage.rss();
    for (let turn = 0; turn < 10; turn++) await swap();
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 2 * size, `20 loadings of about ${String(size)} bytes left ${String(grown)} behind`);
  });
});

describe('idle models', () => {
  it('are unloaded after their time to live, but not when pinned, and come back when asked for', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'), { ttlSeconds: 0.05 });
    const nano = new WatchedSource('nano', files.pathOf('nano'), { ttlSeconds: 0.01, pinned: true });
    await using server = await ManagedServer.start([ember, nano]);
    await server.textOf('nano');
    for (let turn = 1; turn <= 2; turn++) {
      assert.notEqual(await server.textOf('ember'), '');
      await eventually('it is unloaded', () => ember.unloads === turn);
    }
    assert.deepEqual([ember.loads, nano.unloads], [2, 0]);
  });

  it('are not idle while a generation runs', async () => {
    const options = { contextSize: 16_384, parallel: 2 };
    const ember = new WatchedSource('ember', files.pathOf('ember'), { ttlSeconds: 0.01, options });
    const nano = new WatchedSource('nano', files.pathOf('nano'), { ttlSeconds: 0.05 });
    await using server = await ManagedServer.start([ember, nano]);
    const running = await RawConnection.open(server.server.port);
    running.send(postText('/v1/completions', { model: 'ember', ...endless }));
    await running.until('data: ');
    await server.textOf('nano');
    await eventually('the other one is unloaded', () => nano.unloads === 1);
    assert.equal(ember.unloads, 0);
    assert.ok(!running.received.includes('"error"'));
    running.destroy();
    await eventually('it is unloaded, too', () => ember.unloads === 1);
  });
});
