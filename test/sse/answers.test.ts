import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import type { ChatAnswer, ErrorBody, TextAnswer } from '../server/openai-shapes.js';
import { EventClient, path } from './event-client.js';

const messages = [{ role: 'user', content: 'Once upon a time' }];
const greedy = { temperature: 0, max_tokens: 40, ignore_eos: true };
const greedyQuery = { temperature: '0', max_tokens: '40', ignore_eos: 'true' };
const prompt = 'Once upon a time';

describe('a stream of named events', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { contextSize: 32_768, parallel: 8 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('says who it is, then word for word what HTTP answers, numbered without a gap, then how it ended', async () => {
    const whole = (await (await server.post('/v1/chat/completions', { messages, ...greedy })).json()) as ChatAnswer;
    const options = [
      { query: { messages: JSON.stringify(messages), ...greedyQuery } },
      { body: { messages, ...greedy } },
    ];
    for (const option of options) {
      const client = await EventClient.open(server, option);
      await client.over();
      assert.equal(client.status, 200);
      assert.equal(client.response.headers['content-type'], 'text/event-stream');
      assert.match(client.raw, /^retry: 1000\nevent: connection_info\nid: resume_\w{29}:0\ndata: \{/u);
      const [info, ...others] = client.events;
      assert.ok(info);
      assert.equal(info.data.request_id, client.response.headers['x-request-id']);
      assert.equal(client.text(), whole.choices[0]?.message.content);
      assert.deepEqual(
        others.map(({ data }) => data.sequence),
        others.map((_, index) => index + 1),
      );
      const session = info.id?.slice(0, -2) ?? '';
      for (const { id, name, data } of others) {
        assert.equal(id, `${session}:${String(data.sequence)}`);
        assert.equal(name, data.type);
        assert.equal(data.id, info.data.request_id);
      }
      const done = others.at(-1);
      assert.deepEqual([done?.name, done?.data.finish_reason], ['done', 'length']);
      assert.equal(done?.data.usage?.completion_tokens, 40);
      assert.equal(done.data.usage.prompt_tokens, whole.usage.prompt_tokens);
    }
  });

  it('is one of completions when there is a prompt: text, JSON, several of them', async () => {
    const prompts = [prompt, 'The little dog'];
    const whole = (await (await server.post('/v1/completions', { prompt: prompts, ...greedy })).json()) as TextAnswer;
    const plain = await EventClient.open(server, { query: { prompt, ...greedyQuery, model: 'tiny' } });
    const quoted = await EventClient.open(server, { query: { prompt: JSON.stringify(prompt), ...greedyQuery } });
    const several = await EventClient.open(server, { query: { prompt: JSON.stringify(prompts), ...greedyQuery } });
    for (const client of [plain, quoted, several]) {
      await client.event('done');
      assert.equal(client.text(), whole.choices[0]?.text);
    }
    assert.equal(several.text(1), whole.choices[1]?.text);
    // A number is a text, too, where a text is meant.
    const number = await EventClient.open(server, { query: { prompt: '42', max_tokens: '1', echo: 'true' } });
    await number.event('done');
    assert.ok(number.text().startsWith('42'));
  });

  it('is refused as any request is before it begins: all faults at once, each with its status', async () => {
    const refused = async (options: Parameters<typeof EventClient.open>[1]): Promise<[number, ErrorBody['error']]> => {
      const client = await EventClient.open(server, options);
      await client.over();
      return [client.status, (client.json as ErrorBody).error];
    };
    const [status, error] = await refused({ query: { messages: '[]', temperature: '9', stream: 'false' } });
    assert.equal(status, 400);
    assert.deepEqual(error.errors?.map(({ param }) => param).sort(), ['messages', 'stream', 'temperature']);
    const cases = [
      [{ query: {} }, 400, 'messages'],
      [{ body: { prompt, messages } }, 400, 'messages'],
      [{ body: [] }, 400, null],
      [{ query: { prompt, token_batching: 'perhaps' } }, 400, 'token_batching'],
      [{ body: { prompt, background: true } }, 400, 'background'],
      [{ query: { prompt, model: 'nobody' } }, 404, 'model'],
      [{ query: { prompt }, headers: { 'accept-encoding': 'identity;q=0, compress' } }, 406, null],
      [{ query: { prompt }, headers: { 'last-event-id': 'resume_x:1' } }, 404, 'last_event_id'],
      [{ query: { prompt }, headers: { 'x-inferno-priority': 'vip' } }, 403, null],
    ] as const;
    for (const [options, expected, param] of cases) {
      const [code, { param: found }] = await refused(options);
      assert.equal(code, expected, JSON.stringify(options));
      if (param !== null) assert.equal(found, param, JSON.stringify(options));
    }
    const twice = await fetch(`${server.url}${path}?prompt=a&prompt=b`);
    assert.equal(twice.status, 400);
    const head = await fetch(`${server.url}${path}?prompt=a`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('allow')], [405, 'GET, POST, OPTIONS']);
  });

  it('ends with an error event when it fails after it has begun', async () => {
    const long = 'word '.repeat(40_000);
    const client = await EventClient.open(server, { body: { prompt: long } });
    const { data, id } = await client.event('error');
    assert.deepEqual([data.error?.code, data.status, data.sequence], ['context_length_exceeded', 400, 1]);
    assert.match(id ?? '', /:1$/u);
    await client.over();
  });

  it('is open to no page but those that may read it, and to no image', async () => {
    const get = async (headers: Record<string, string>): Promise<number> => {
      const client = await EventClient.open(server, { query: { prompt, max_tokens: '1' }, headers });
      await client.over();
      return client.status;
    };
    assert.equal(await get({ origin: 'http://elsewhere.example' }), 403);
    assert.equal(await get({ 'sec-fetch-site': 'cross-site' }), 403);
    assert.equal(await get({ 'sec-fetch-site': 'same-origin' }), 200);
    assert.equal(await get({ 'sec-fetch-site': 'none' }), 200);
    assert.equal(await get({ origin: server.url }), 200);
  });

  it('needs a place, and gives it back', async () => {
    const load = { contextSize: 32_768, parallel: 4 };
    await using one = await startServer({ load, eventStreams: { maxStreams: 1 } });
    const body = { prompt, max_tokens: 20_000, ignore_eos: true, resumable: false };
    for (let i = 0; i < 3; i++) {
      const client = await EventClient.open(one, { body });
      await client.event('completion_chunk');
      const refused = await EventClient.open(one, { body });
      await refused.over();
      assert.deepEqual([refused.status, refused.response.headers['retry-after']], [503, '1']);
      client.break();
      await one.settled();
    }
    // One that has ended makes room, though it is kept for a while.
    for (let i = 0; i < 3; i++) {
      const client = await EventClient.open(one, { body: { prompt, max_tokens: 2 } });
      await client.event('done');
    }
    await one.settled();
  });

  it('counts as one request, of the one who asked for it', async () => {
    const client = await EventClient.open(server, { body: { prompt, ...greedy }, headers: { 'x-request-id': 'mine' } });
    const { data } = await client.event('connection_info');
    assert.equal(data.request_id, 'mine');
    await client.over();
    await server.settled();
    const recent = (await (await fetch(`${server.url}/metrics/profiles/recent?limit=50`)).json()) as {
      readonly profiles: readonly { readonly request_id: string; readonly route: string; readonly stream: boolean }[];
    };
    const own = recent.profiles.filter(({ request_id: id }) => id === 'mine');
    assert.deepEqual(
      own.map(({ route, stream }) => [route, stream]),
      [[path, true]],
    );
  });
});

describe('a key', () => {
  it('is a header, or stays at home: a ticket opens its one stream', async () => {
    await using server = await startServer({ apiKeys: ['one', 'two'] });
    const body = { prompt, ...greedy };
    const authorization = { authorization: 'Bearer one' };
    const without = await EventClient.open(server, { query: { prompt } });
    await without.over();
    assert.equal(without.status, 401);
    const inUrl = await EventClient.open(server, { query: { prompt, api_key: 'one', authorization: 'Bearer one' } });
    await inUrl.over();
    assert.equal(inUrl.status, 401);
    const direct = await EventClient.open(server, { query: { prompt, ...greedyQuery }, headers: authorization });
    await direct.event('done');

    assert.equal((await server.post(`${path}/tickets`, body)).status, 401);
    const wrong = await server.post(`${path}/tickets`, { ...body, temperature: 9 }, authorization);
    assert.equal(wrong.status, 400);
    const issued = await server.post(`${path}/tickets`, body, authorization);
    assert.deepEqual([issued.status, issued.headers.get('cache-control')], [201, 'no-store']);
    const { url } = (await issued.json()) as { url: string };
    const opened = await EventClient.open(server, { pathname: url });
    await opened.event('done');
    assert.equal(opened.text(), direct.text());
    const again = await EventClient.open(server, { pathname: url });
    await again.over();
    assert.deepEqual([again.status, (again.json as ErrorBody).error.code], [404, 'ticket_not_found']);
    await server.settled();
  });
});
