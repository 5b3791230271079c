import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InfernoError } from '../../lib/errors.js';
import type { Model } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import type { ServerOptions } from '../../lib/server/index.js';
import { JournalFolder } from '../background/journal-folder.js';
import { loadTestModel } from '../support/with-model.js';
import { eventually } from '../support/with-server.js';
import { BackgroundServer, completionPath } from './background-server.js';
import type { Background, BackgroundList } from './background-server.js';
import type { ChatAnswer, ErrorBody } from './openai-shapes.js';

const chatPath = '/v1/chat/completions';
const short = { prompt: 'Once upon a time', max_tokens: 6, temperature: 0, background: true };
const endless = { ...short, max_tokens: 100_000, ignore_eos: true };

let model: Model;
before(async () => {
  model = await loadTestModel({ contextSize: 2048, parallel: 2 });
});
after(async () => {
  await model.unload();
});

function models(): ServerOptions['models'] {
  return [{ id: 'tiny', model }];
}

describe('a background request', () => {
  let folder: JournalFolder;
  let server: BackgroundServer;
  before(async () => {
    folder = await JournalFolder.make();
    server = await BackgroundServer.start(folder, models(), { priorities: { max: 'high' } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('is acknowledged with 202 and completed with the answer that a client would have got', async () => {
    const body = { messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 8, temperature: 0 };
    const direct = await server.json<ChatAnswer>('POST', chatPath, 200, body);
    const response = await server.fetch('POST', chatPath, { ...body, background: true }, { 'x-request-id': 'mine-1' });
    assert.equal(response.status, 202);
    const accepted = (await response.json()) as Background;
    assert.match(accepted.id, /^bg_[a-z0-9]{29}$/);
    assert.equal(response.headers.get('location'), `/v1/background/${accepted.id}`);
    assert.deepEqual([accepted.object, accepted.status, accepted.response], ['background', 'queued', null]);
    assert.deepEqual([accepted.endpoint, accepted.model, accepted.priority], [chatPath, 'tiny', 'low']);
    assert.deepEqual([accepted.request_id, accepted.retry_count, accepted.error], ['mine-1', 0, null]);
    const done = await server.ended<ChatAnswer>(accepted.id);
    assert.equal(done.status, 'completed');
    assert.equal(done.response?.object, 'chat.completion');
    assert.equal(done.response.choices[0]?.message.content, direct.choices[0]?.message.content);
    assert.equal(done.response.usage.completion_tokens, direct.usage.completion_tokens);
    assert.equal(Number(done.expires_at) - Number(done.ended_at), 86_400);
  });

  it('answers completions with several prompts and choices', async () => {
    const { id } = await server.submit({ ...short, prompt: ['Once', 'One day'], n: 2, echo: true });
    const { response } = await server.ended(id);
    assert.equal(response?.object, 'text_completion');
    assert.deepEqual(
      response.choices.map((choice) => choice.index),
      [0, 1, 2, 3],
    );
    assert.ok(response.choices[2]?.text.startsWith('One day'));
  });

  it('never changes its answer', async () => {
    const { id } = await server.submit({ ...short, temperature: 1 });
    const first = await server.ended(id);
    assert.deepEqual(await server.get(id), first);
  });

  it('is refused at once for what is wrong with it', async () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ ...short, stream: true }, 'stream'],
      [{ ...short, dependencies: ['req_1'] }, 'dependencies'],
      [{ ...short, temperature: 9 }, 'temperature'],
      [{ ...short, background: 'yes' }, 'background'],
    ];
    for (const [body, param] of wrong) {
      const error = await server.error('POST', completionPath, 400, body);
      assert.deepEqual([error.code, error.param], ['invalid_argument', param]);
    }
    assert.equal((await server.error('POST', completionPath, 404, { ...short, model: 'no' })).code, 'model_not_found');
    assert.equal(
      (await server.error('POST', completionPath, 403, { ...short, priority: 'vip' })).code,
      'priority_not_allowed',
    );
  });

  it('has the priority it asks for, by field, service tier or header', async () => {
    const asked = await Promise.all([
      server.submit({ ...short, priority: 'high', tags: ['night'] }),
      server.submit({ ...short, service_tier: 'default' }),
      server.submit(short, completionPath, { 'x-inferno-priority': 'normal' }),
      server.submit({ ...short, service_tier: 'auto' }),
    ]);
    assert.deepEqual(
      asked.map(({ priority }) => priority),
      ['high', 'normal', 'normal', 'low'],
    );
    assert.deepEqual(asked[0].tags, ['night']);
    await Promise.all(asked.map(({ id }) => server.ended(id)));
  });

  it('fails with the error that a client would have got', async () => {
    const { id } = await server.submit({ ...short, prompt: 'word '.repeat(5000) });
    const failed = await server.ended(id);
    assert.deepEqual([failed.status, failed.response], ['failed', null]);
    assert.equal(failed.error?.code, 'context_length_exceeded');
    const unknownToken = await server.submit({ ...short, prompt: [1_000_000_000] });
    assert.equal((await server.ended(unknownToken.id)).error?.param, 'prompt');
  });

  it('is cancelled while it runs, and stays as it is when it has ended', async () => {
    const { id } = await server.submit(endless);
    await server.running(id);
    const cancelled = await server.json<Background>('POST', `/v1/background/${id}/cancel`, 200);
    assert.deepEqual([cancelled.status, cancelled.response], ['cancelled', null]);
    assert.deepEqual(await server.json('POST', `/v1/background/${id}/cancel`, 200, {}), cancelled);
    await eventually('its sequence is free', () => model.stats().sequencesBusy === 0);
    const done = await server.submit(short);
    const answer = await server.ended(done.id);
    assert.deepEqual(await server.json('POST', `/v1/background/${done.id}/cancel`, 200), answer);
  });

  it('is gone after DELETE, whether it has ended or not', async () => {
    const [running, ended] = [await server.submit(endless), await server.submit(short)];
    await server.ended(ended.id);
    for (const { id } of [running, ended]) {
      const deleted = { id, object: 'background', deleted: true };
      assert.deepEqual(await server.json('DELETE', `/v1/background/${id}`, 200), deleted);
      assert.equal((await server.error('GET', `/v1/background/${id}`, 404)).code, 'request_not_found');
      assert.equal((await server.error('POST', `/v1/background/${id}/cancel`, 404)).code, 'request_not_found');
      assert.equal((await server.error('DELETE', `/v1/background/${id}`, 404)).code, 'request_not_found');
    }
    await eventually('its sequence is free', () => model.stats().sequencesBusy === 0);
  });

  it('the same idempotency key gives the same request, another body is refused', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const [first, second] = await Promise.all([
      server.submit(short, completionPath, key),
      server.submit(short, completionPath, key),
    ]);
    assert.equal(first.id, second.id);
    await server.ended(first.id);
    const later = await server.submit(short, completionPath, key);
    assert.deepEqual([later.id, later.status], [first.id, 'completed']);
    const other = await server.fetch('POST', completionPath, { ...short, max_tokens: 7 }, key);
    assert.equal(other.status, 400);
    assert.equal(((await other.json()) as ErrorBody).error.param, 'Idempotency-Key');
    const long = await server.fetch('POST', completionPath, short, { 'idempotency-key': 'k'.repeat(201) });
    assert.equal(long.status, 400);
    assert.equal(((await long.json()) as ErrorBody).error.param, 'Idempotency-Key');
  });

  it('misses its deadline while others run', async () => {
    const blocking = await Promise.all([server.submit(endless), server.submit(endless)]);
    for (const { id } of blocking) await server.running(id);
    const { id } = await server.submit({ ...short, deadline_ms: 30 });
    const failed = await server.ended(id);
    assert.deepEqual([failed.status, failed.error?.code], ['failed', 'deadline_exceeded']);
    for (const each of blocking) await server.json('DELETE', `/v1/background/${each.id}`, 200);
  });

  it('other methods are refused with what is allowed', async () => {
    const expected = [
      ['PUT', '/v1/background/bg_1', 'GET, HEAD, DELETE, OPTIONS'],
      ['DELETE', '/v1/background', 'GET, HEAD, OPTIONS'],
      ['PUT', '/v1/background/bg_1/cancel', 'POST, OPTIONS'],
    ] as const;
    for (const [method, path, allow] of expected) {
      const response = await server.fetch(method, path);
      await response.text();
      assert.deepEqual([response.status, response.headers.get('allow')], [405, allow], path);
    }
    assert.equal((await server.error('POST', '/v1/background/bg_1', 404, {})).code, 'not_found');
  });
});

describe('the list of background requests', () => {
  it('has the newest first, in pages', async () => {
    await using folder = await JournalFolder.make();
    await using server = await BackgroundServer.start(folder, models());
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await server.submit(short)).id);
    const first = await server.json<BackgroundList>('GET', '/v1/background?limit=2', 200);
    assert.deepEqual(
      first.data.map(({ id }) => id),
      ids.slice(0, 2),
    );
    assert.deepEqual([first.first_id, first.last_id, first.has_more], [ids[0], ids[1], true]);
    const second = await server.json<BackgroundList>('GET', `/v1/background?limit=9&after=${String(ids[1])}`, 200);
    assert.deepEqual(
      second.data.map(({ id }) => id),
      ids.slice(2),
    );
    assert.equal(second.has_more, false);
    assert.equal(Object.hasOwn(second.data[0] ?? {}, 'response'), false);
    assert.equal((await server.error('GET', '/v1/background?limit=0', 400)).param, 'limit');
    assert.equal((await server.error('GET', '/v1/background?limit=1e1', 400)).param, 'limit');
    assert.equal((await server.error('GET', '/v1/background?after=bg_no', 404)).code, 'request_not_found');
  });

  it('of one key does not show what belongs to another', async () => {
    await using folder = await JournalFolder.make();
    await using server = await BackgroundServer.start(folder, models(), { apiKeys: ['one', 'two'] });
    const [one, two] = [server.as('one'), server.as('two')];
    const key = { 'idempotency-key': 'same' };
    const mine = await one.submit(short, completionPath, key);
    const yours = await two.submit({ ...short, max_tokens: 2 }, completionPath, key);
    assert.notEqual(mine.id, yours.id);
    await one.ended(mine.id);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/cancel'],
      ['DELETE', ''],
    ] as const) {
      const error = await two.error(method, `/v1/background/${mine.id}${path}`, 404);
      assert.equal(error.code, 'request_not_found');
    }
    assert.equal((await two.error('GET', `/v1/background?after=${mine.id}`, 404)).code, 'request_not_found');
    const list = await two.json<BackgroundList>('GET', '/v1/background', 200);
    assert.deepEqual(
      list.data.map(({ id }) => id),
      [yours.id],
    );
    for (const path of ['/v1/background', `/v1/background/${mine.id}`]) {
      assert.equal((await server.error('GET', path, 401)).code, 'invalid_api_key');
    }
    assert.equal((await server.error('DELETE', `/v1/background/${mine.id}`, 401)).code, 'invalid_api_key');
    assert.equal((await one.get(mine.id)).status, 'completed');
  });
});

describe('background requests and restarts', () => {
  it('what was stopped runs again in the next server, once, with its place and its key', async () => {
    await using folder = await JournalFolder.make();
    const first = await BackgroundServer.start(folder, models());
    const done = await first.submit(short);
    const before = await first.ended(done.id);
    const long = { ...short, max_tokens: 700, ignore_eos: true };
    const key = { 'idempotency-key': 'k' };
    const started = await first.submit(long, completionPath, key);
    await first.running(started.id);
    await first.server.close({ drainMs: 0 });

    await using second = await BackgroundServer.start(folder, models());
    assert.deepEqual(await second.get(done.id), before);
    assert.equal((await second.submit(long, completionPath, key)).id, started.id);
    const again = await second.ended(started.id);
    assert.deepEqual([again.status, again.retry_count], ['completed', 1]);
    assert.equal(again.response?.usage?.completion_tokens, 700);
    assert.equal(again.created_at, started.created_at);
  });

  it('a server that closes lets running work finish', async () => {
    await using folder = await JournalFolder.make();
    const first = await BackgroundServer.start(folder, models());
    const { id } = await first.submit({ ...short, max_tokens: 300, ignore_eos: true });
    await first.running(id);
    await first.server.close({ drainMs: 60_000 });
    await using second = await BackgroundServer.start(folder, models());
    const found = await second.get(id);
    assert.deepEqual([found.status, found.retry_count], ['completed', 0]);
  });

  it('a request waits for a model that is still loading', async () => {
    await using folder = await JournalFolder.make();
    let deliver: (loaded: Model) => void = () => undefined;
    const loading = new Promise<Model>((resolve) => {
      deliver = resolve;
    });
    await using server = await BackgroundServer.start(folder, [{ id: 'late', model: loading }, ...models()]);
    const waiting = await server.submit({ ...short, model: 'late' });
    await server.ended((await server.submit({ ...short, model: 'tiny' })).id);
    assert.deepEqual([(await server.get(waiting.id)).status, (await server.get(waiting.id)).position], ['queued', 0]);
    deliver(model);
    assert.equal((await server.ended(waiting.id)).status, 'completed');
  });

  it('a request for a model that the next server does not have fails', async () => {
    await using folder = await JournalFolder.make();
    const first = await BackgroundServer.start(folder, models());
    const { id } = await first.submit(endless);
    await first.server.close({ drainMs: 0 });
    await using second = await BackgroundServer.start(folder, [{ id: 'other', model }]);
    const failed = await second.ended(id);
    assert.deepEqual([failed.status, failed.error?.code], ['failed', 'model_not_found']);
  });

  it('more work than fits runs in the order of its priorities', async () => {
    await using folder = await JournalFolder.make();
    await using server = await BackgroundServer.start(folder, models());
    const blocking = await server.submit({
      ...short,
      prompt: Array<string>(64).fill('Once'),
      max_tokens: 40,
      ignore_eos: true,
    });
    await server.running(blocking.id);
    const low = await server.submit(short);
    const high = await server.submit({ ...short, priority: 'high' });
    const [lowStands, highStands] = [await server.get(low.id), await server.get(high.id)];
    assert.deepEqual([lowStands.status, highStands.status], ['queued', 'queued']);
    assert.ok(Number(highStands.position) < Number(lowStands.position));
    await server.ended(low.id);
    assert.equal((await server.get(high.id)).status, 'completed');
  });
});

describe('a server without background work, or without its folder', () => {
  it('refuses and says how to switch it on', async () => {
    const server = new BackgroundServer(await createServer({ models: models(), port: 0 }));
    for (const [method, path, body] of [
      ['POST', completionPath, short],
      ['GET', '/v1/background', undefined],
      ['GET', '/v1/background/bg_1', undefined],
    ] as const) {
      const error = await server.error(method, path, 400, body);
      assert.equal(error.code, 'invalid_argument');
      assert.match(error.message, /inferno serve --background/);
    }
    await server[Symbol.asyncDispose]();
  });

  it('does not start on a folder that another one uses, and not with options out of range', async () => {
    await using folder = await JournalFolder.make();
    await using first = await BackgroundServer.start(folder, models());
    await assert.rejects(BackgroundServer.start(folder, models()), (error) => {
      return (
        InfernoError.isInstance(error) && error.code === 'journal_unavailable' && error.message.includes(folder.path)
      );
    });
    assert.equal((await first.fetch('GET', '/health')).status, 200);
    const wrong = [{ compressionLevel: 23 }, { checkpointIntervalMs: 0 }, { retentionMs: -1 }, { directory: '' }];
    for (const options of wrong) {
      const background = { directory: folder.path, ...options };
      await assert.rejects(createServer({ models: models(), port: 0, background }), RangeError);
    }
  });

  it('gives the folder back when it cannot listen', async () => {
    await using folder = await JournalFolder.make();
    await using holder = new BackgroundServer(await createServer({ models: models(), port: 0 }));
    await assert.rejects(BackgroundServer.start(folder, models(), { port: holder.server.port }), (error) => {
      return InfernoError.isInstance(error) && error.code === 'invalid_argument';
    });
    await using server = await BackgroundServer.start(folder, models());
    await server.ended((await server.submit(short)).id);
  });
});
