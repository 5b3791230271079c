import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InfernoError, loadModel } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import { eventually } from '../support/with-server.js';
import { gate, ManagedServer, ModelFiles, WatchedSource } from './managed-models.js';
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

describe('POST /v1/models/{id}/load and /unload', () => {
  it('load and unload, and say what there is then', async () => {
    const source = new WatchedSource('maker/tiny', files.pathOf('tiny'));
    await using server = await ManagedServer.start([source]);
    const load = async (): Promise<ModelState> =>
      (await (await server.post('/v1/models/maker%2Ftiny/load')).json()) as ModelState;
    const loaded = await load();
    assert.deepEqual([loaded.id, loaded.state, loaded.pinned], ['maker/tiny', 'loaded', false]);
    assert.ok(loaded.memory_bytes > 0 && (loaded.load_ms ?? 0) > 0);
    assert.equal((await load()).state, 'loaded');
    assert.equal(source.loads, 1);
    const unloaded = (await (await server.post('/v1/models/maker/tiny/unload', {})).json()) as ModelState;
    assert.deepEqual([unloaded.state, unloaded.memory_bytes, source.isLoaded], ['unloaded', 0, false]);
    const list = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: ModelState[] };
    assert.deepEqual(
      list.data.map((model) => [model.id, model.state]),
      [['maker/tiny', 'unloaded']],
    );
    assert.equal((await server.post('/v1/models/maker/tiny/unload')).status, 200, 'again is fine');
  });

  it('pin, unpin and set the time to live', async () => {
    await using server = await ManagedServer.start([new WatchedSource('ember', files.pathOf('ember'))]);
    const pinned = (await (
      await server.post('/v1/models/ember/load', { pin: true, ttl_seconds: 600 })
    ).json()) as ModelState;
    assert.deepEqual([pinned.pinned, pinned.ttl_seconds], [true, 600]);
    const refused = await server.post('/v1/models/ember/unload');
    assert.equal(refused.status, 400);
    assert.equal((await errorOf(refused)).code, 'invalid_argument');
    assert.equal((await server.post('/v1/models/ember/unload', { pin: false })).status, 200);
    assert.equal((await server.state('ember')).state, 'unloaded');
  });

  it('wait for what runs when they unload', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    await using server = await ManagedServer.start([ember]);
    const running = await RawConnection.open(server.server.port);
    running.send(postText('/v1/completions', { model: 'ember', ...endless, max_tokens: 400 }));
    await running.until('data: ');
    assert.equal((await server.post('/v1/models/ember/unload')).status, 200);
    await running.until('data: [DONE]');
    running.destroy();
    assert.deepEqual([ember.unloads, ember.isLoaded], [1, false]);
  });

  it('refuse unknown models, bad bodies, wrong methods and missing keys', async () => {
    const source = new WatchedSource('ember', files.pathOf('ember'));
    await using server = await ManagedServer.start([source], { apiKeys: ['key'] });
    const headers = { authorization: 'Bearer key' };
    const status = async (path: string, body?: unknown): Promise<number> =>
      (await server.post(path, body, headers)).status;
    assert.equal((await server.post('/v1/models/ember/load')).status, 401);
    assert.equal(await status('/v1/models/other/load'), 404);
    assert.equal(await status('/v1/models/other/unload'), 404);
    assert.equal(await status('/v1/models/ember'), 405);
    const get = await fetch(`${server.url}/v1/models/ember/load`, { method: 'PUT' });
    assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST, OPTIONS']);
    const bad = await server.post('/v1/models/ember/load', { pin: 'yes', ttl_seconds: -1 }, headers);
    assert.equal(bad.status, 400);
    assert.deepEqual(
      (await errorOf(bad)).errors?.map((fault) => fault.param),
      ['pin', 'ttl_seconds'],
    );
    const text = { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: 'x' };
    assert.equal((await fetch(`${server.url}/v1/models/ember/load`, text)).status, 415);
    assert.equal(source.loads, 0);
  });

  it('unload after loading when others wait for the loading, and stop one that nobody waits for', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    const held = gate();
    ember.gate = held.closed;
    await using server = await ManagedServer.start([ember]);
    const waiting = server.textOf('ember');
    await eventually('it loads', () => ember.loads === 1);
    const unloading = server.post('/v1/models/ember/unload');
    await eventually('both are open', () => server.server.activeRequests === 2);
    held.open();
    assert.notEqual(await waiting, '');
    assert.equal(((await (await unloading).json()) as ModelState).state, 'unloaded');
    const again = gate();
    ember.gate = again.closed;
    const leaving = await RawConnection.open(server.server.port);
    leaving.send(postText('/v1/models/ember/load', {}));
    await eventually('it loads again', () => ember.loads === 2);
    leaving.destroy();
    await eventually('nobody waits', () => server.server.activeRequests === 0);
    assert.equal(((await (await server.post('/v1/models/ember/unload')).json()) as ModelState).state, 'unloaded');
    assert.deepEqual([ember.wasAborted, ember.isLoaded], [true, false]);
    again.open();
  });

  it('answer 202 when what runs takes longer than requests wait, and unload then', async () => {
    const options = { contextSize: 16_384, parallel: 2 };
    const ember = new WatchedSource('ember', files.pathOf('ember'), { options, loadAtStart: true });
    await using server = await ManagedServer.start([ember], { limits: { modelWaitMs: 20 } });
    await server.server.ready();
    const running = await RawConnection.open(server.server.port);
    running.send(postText('/v1/completions', { model: 'ember', ...endless }));
    await running.until('data: ');
    const response = await server.post('/v1/models/ember/unload');
    assert.equal(response.status, 202);
    assert.equal(((await response.json()) as ModelState).state, 'loaded');
    assert.ok(ember.isLoaded);
    running.destroy();
    await eventually('it is unloaded', () => !ember.isLoaded);
  });

  it('leave a model alone that the program loaded itself', async () => {
    await using model = await loadModel(files.pathOf('tiny'), { contextSize: 256, parallel: 2 });
    const server = await createServer({ models: [{ id: 'own', model }], port: 0 });
    try {
      const unload = await fetch(`${server.url}/v1/models/own/unload`, { method: 'POST' });
      assert.equal(unload.status, 400);
      const load = await fetch(`${server.url}/v1/models/own/load`, { method: 'POST' });
      assert.equal(((await load.json()) as ModelState).state, 'loaded');
    } finally {
      await server.close({ drainMs: 0 });
    }
    assert.ok(model.stats().requestsFinished >= 0, 'closing the server does not unload it');
  });
});

describe('starting and closing with models of its own', () => {
  it('is ready when those are loaded that were asked for at start', async () => {
    const first = new WatchedSource('first', files.pathOf('tiny'), { loadAtStart: true });
    const held = gate();
    first.gate = held.closed;
    await using server = await ManagedServer.start([first, new WatchedSource('later', files.pathOf('nano'))]);
    const notReady = await fetch(`${server.url}/health/ready`);
    assert.equal(notReady.status, 503);
    const { models } = (await notReady.json()) as { models: unknown };
    assert.deepEqual(models, [{ id: 'first', status: 'loading', progress: 0 }]);
    const early = server.textOf('first');
    held.open();
    await server.server.ready();
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 200);
    assert.notEqual(await early, '');
    await server.post('/v1/models/first/unload');
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 200);
  });

  it('says why it is not ready when one of them failed', async () => {
    const source = new WatchedSource('first', files.pathOf('tiny'), { loadAtStart: true });
    source.failures.push(new InfernoError('out_of_memory', 'Too large.'));
    await using server = await ManagedServer.start([source]);
    await assert.rejects(server.server.ready(), { code: 'out_of_memory' });
    const ready = await fetch(`${server.url}/health/ready`);
    assert.equal(ready.status, 503);
    assert.equal((await errorOf(ready)).code, 'out_of_memory');
    assert.equal((await server.post('/v1/models/first/load')).status, 200);
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 200);
  });

  it('ends loadings, tells who waits, and unloads what it has loaded', async () => {
    const ember = new WatchedSource('ember', files.pathOf('ember'));
    const nano = new WatchedSource('nano', files.pathOf('nano'));
    nano.gate = gate().closed;
    const server = await ManagedServer.start([ember, nano]);
    await server.textOf('ember');
    const waiting = server.complete('nano');
    await eventually('it loads', () => nano.loads === 1);
    await server.server.close({ drainMs: 10 });
    const response = await waiting;
    assert.equal(response.status, 503);
    assert.equal((await errorOf(response)).code, 'shutting_down');
    assert.deepEqual([nano.wasAborted, ember.isLoaded], [true, false]);
  });
});
