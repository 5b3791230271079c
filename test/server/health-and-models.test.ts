import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InfernoError, loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import { eventually, startServer, testModelPath } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';

describe('health and models', () => {
  it('is live at once, and ready when every model is loaded', async () => {
    let finish: (model: Model) => void = () => undefined;
    const loading = new Promise<Model>((resolve) => {
      finish = resolve;
    });
    const models = [{ id: 'late', model: loading, progress: () => 0.25 }];
    const server = await createServer({ models, port: 0, limits: { modelWaitMs: 20 } });
    try {
      const health = (await (await fetch(`${server.url}/health`)).json()) as { status: string };
      assert.equal(health.status, 'ok');
      const notReady = await fetch(`${server.url}/health/ready`);
      assert.equal(notReady.status, 503);
      const body = (await notReady.json()) as ErrorBody & { models: unknown };
      assert.equal(body.error.code, 'model_loading');
      assert.deepEqual(body.models, [{ id: 'late', status: 'loading', progress: 0.25 }]);
      const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"prompt":"x"}' };
      const early = await fetch(`${server.url}/v1/completions`, request);
      assert.equal(early.status, 503);
      assert.equal(((await early.json()) as ErrorBody).error.code, 'model_loading');
      assert.ok(early.headers.get('retry-after'));
      await using model = await loadModel(testModelPath(), { contextSize: 256, parallel: 2 });
      finish(model);
      await eventually('the server is ready', async () => (await fetch(`${server.url}/health/ready`)).status === 200);
      assert.equal((await fetch(`${server.url}/v1/completions`, request)).status, 200);
    } finally {
      await server.close({ drainMs: 0 });
    }
  });

  it('stays live and says 503 when a model failed to load, without naming its file', async () => {
    const secret = '/home/someone/secret/model.gguf';
    const failed = Promise.reject<Model>(new InfernoError('invalid_model_file', `${secret} is not a GGUF file.`));
    const server = await createServer({ models: [{ id: 'broken', model: failed }], port: 0 });
    try {
      await eventually('the failure is seen', async () => {
        const text = await (await fetch(`${server.url}/health/ready`)).text();
        return text.includes('invalid_model_file');
      });
      const ready = await fetch(`${server.url}/health/ready`);
      assert.equal(ready.status, 503);
      assert.ok(!(await ready.text()).includes('secret'));
      assert.equal((await fetch(`${server.url}/health`)).status, 200);
    } finally {
      await server.close({ drainMs: 0 });
    }
  });

  it('lists and describes models, also ones with a slash in their name', async () => {
    await using server = await startServer({ modelId: 'maker/tiny' });
    const list = (await (await fetch(`${server.url}/v1/models`)).json()) as { object: string; data: { id: string }[] };
    assert.equal(list.object, 'list');
    assert.deepEqual(
      list.data.map((model) => model.id),
      ['maker/tiny'],
    );
    for (const name of ['maker/tiny', 'maker%2Ftiny']) {
      const model = (await (await fetch(`${server.url}/v1/models/${name}`)).json()) as Record<string, unknown>;
      assert.equal(model['id'], 'maker/tiny');
      assert.equal(model['object'], 'model');
      assert.equal(typeof model['created'], 'number');
      assert.equal(model['owned_by'], 'inferno');
    }
    const missing = await fetch(`${server.url}/v1/models/maker`);
    assert.equal(missing.status, 404);
    assert.equal(((await missing.json()) as ErrorBody).error.code, 'model_not_found');
  });

  it('answers HEAD as GET without the body, wrong methods 405 with Allow, unknown paths 404', async () => {
    await using server = await startServer();
    const head = await fetch(`${server.url}/health`, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.ok(Number(head.headers.get('content-length')) > 15);
    assert.equal(await head.text(), '');
    const deleted = await fetch(`${server.url}/v1/models`, { method: 'DELETE' });
    assert.equal(deleted.status, 405);
    assert.equal(deleted.headers.get('allow'), 'GET, HEAD, OPTIONS');
    assert.equal(((await deleted.json()) as ErrorBody).error.code, 'method_not_allowed');
    const got = await fetch(`${server.url}/v1/chat/completions`);
    assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST, OPTIONS']);
    await got.text();
    const unknown = await fetch(`${server.url}/v3/nothing`, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.equal(unknown.status, 404);
    assert.equal(((await unknown.json()) as ErrorBody).error.code, 'not_found');
  });

  it('refuses a port that is taken and options out of range', async () => {
    await using server = await startServer();
    const models = [{ id: 'tiny', model: server.model }];
    await assert.rejects(createServer({ models, port: server.port }), { code: 'invalid_argument' });
    await assert.rejects(createServer({ models: [], port: 0 }), RangeError);
    await assert.rejects(createServer({ models: [...models, ...models], port: 0 }), RangeError);
    await assert.rejects(createServer({ models, port: 0, limits: { maxBodyBytes: 0 } }), RangeError);
    await assert.rejects(createServer({ models, port: 0, apiKeys: [''] }), RangeError);
  });
});

describe('API keys', () => {
  it('protect /v1 and leave health open', async () => {
    await using server = await startServer({ apiKeys: ['first-key', 'second-key'] });
    const status = async (path: string, authorization?: string): Promise<number> => {
      const response = await fetch(server.url + path, { headers: authorization ? { authorization } : {} });
      await response.text();
      return response.status;
    };
    assert.equal(await status('/health'), 200);
    assert.equal(await status('/health/ready'), 200);
    assert.equal(await status('/v1/models'), 401);
    assert.equal(await status('/v1/models', 'Bearer wrong'), 401);
    assert.equal(await status('/v1/models', 'Basic first-key'), 401);
    assert.equal(await status('/v1/models', 'Bearer '), 401);
    assert.equal(await status('/v1/models', 'Bearer first-key'), 200);
    assert.equal(await status('/v1/models', 'bearer second-key'), 200);
    const response = await server.post('/v1/completions', { prompt: 'x' });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer');
    const { error } = (await response.json()) as ErrorBody;
    assert.deepEqual([error.code, error.type], ['invalid_api_key', 'authentication_error']);
  });
});

describe('CORS', () => {
  const origin = 'https://page.example';
  const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-headers': 'authorization' } };

  it('is off unless asked for', async () => {
    await using server = await startServer();
    const response = await fetch(`${server.url}/v1/chat/completions`, preflight);
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    const health = await fetch(`${server.url}/health`, { headers: { origin } });
    assert.equal(health.headers.get('access-control-allow-origin'), null);
    await health.text();
  });

  it('answers preflights and names the origins allowed', async () => {
    await using server = await startServer({ cors: [origin] });
    const response = await fetch(`${server.url}/v1/chat/completions`, preflight);
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-origin'), origin);
    assert.equal(response.headers.get('access-control-allow-methods'), 'POST, OPTIONS');
    assert.equal(response.headers.get('access-control-allow-headers'), 'authorization');
    const other = await fetch(`${server.url}/health`, { headers: { origin: 'https://other.example' } });
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    assert.equal(other.headers.get('vary'), 'origin');
    await other.text();
  });
});
