import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';

type Answer = Record<string, unknown>;

async function json(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}

describe("llama-server's routes", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ defaults: { seed: 42, n_predict: 24, temperature: 0 } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });
  const post = async (path: string, body: unknown): Promise<Answer> => json(await server.post(path, body));
  const get = async (path: string): Promise<Response> => fetch(server.url + path);

  it('POST /completion has the fields of llama-server', async () => {
    const answer = await post('/completion', { prompt: 'Once upon a time', n_predict: 8, return_tokens: true });
    assert.equal(typeof answer['content'], 'string');
    assert.equal(answer['stop'], true);
    assert.equal(answer['stop_type'], 'limit');
    assert.equal(answer['tokens_predicted'], 8);
    assert.equal((answer['tokens'] as number[]).length, 8);
    assert.equal(answer['truncated'], false);
    const settings = answer['generation_settings'] as Answer;
    assert.deepEqual([settings['seed'], settings['n_predict'], settings['temperature']], [42, 8, 0]);
    const timings = answer['timings'] as Record<string, number>;
    assert.equal(timings['predicted_n'], 8);
    assert.equal(Number(timings['prompt_n']) + Number(timings['cache_n']), answer['tokens_evaluated']);
  });

  it('the length of the server is for requests that do not say, or say -1', async () => {
    for (const [asked, length] of [
      [undefined, 24],
      [-1, 24],
      [40, 40],
    ] as const) {
      const answer = await post('/completion', { prompt: 'One day', n_predict: asked, ignore_eos: true });
      assert.equal(answer['tokens_predicted'], length);
      assert.equal((answer['generation_settings'] as Answer)['n_predict'], length);
    }
    const { usage } = await post('/v1/completions', { prompt: 'One day', ignore_eos: true });
    assert.equal((usage as Answer)['completion_tokens'], 24);
  });

  it('takes texts as keys of logit_bias, and the key of an API from X-Api-Key', async () => {
    await using locked = await startServer({ apiKeys: ['k'] });
    const body = { prompt: 'a', n_predict: 1, logit_bias: { ' the': -100, 5: 1 } };
    assert.equal((await locked.post('/completion', body)).status, 401);
    assert.equal((await locked.post('/completion', body, { 'x-api-key': 'x' })).status, 401);
    assert.equal((await locked.post('/completion', body, { 'x-api-key': 'k' })).status, 200);
  });

  it('streams parts with their tokens, and the text of the whole answer', async () => {
    const body = { prompt: 'Once upon a time', n_predict: 12 };
    const whole = await post('/completion', body);
    const text = await (await server.post('/completion', { ...body, stream: true })).text();
    const parts = text
      .split('\n\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as Answer);
    const last = parts.pop();
    assert.equal(last?.['stop'], true);
    assert.equal(last['stop_type'], 'limit');
    assert.ok(parts.every(({ stop, tokens }) => stop === false && (tokens as number[]).length > 0));
    assert.equal(parts.map(({ content }) => content).join(''), whole['content']);
  });

  it('takes prompts as tokens, mixed, and several', async () => {
    const { tokens } = await post('/tokenize', { content: 'One day', add_special: true });
    const several = (await post('/completion', {
      prompt: [tokens, 'One day', { prompt_string: 'One day' }],
    })) as unknown;
    assert.ok(Array.isArray(several));
    const texts = (several as Answer[]).map(({ content }) => content);
    assert.equal(texts.length, 3);
    assert.equal(new Set(texts).size, 1);
    const mixed = await post('/completion', { prompt: [1, 2, 'One day', 3] });
    assert.equal(typeof mixed['content'], 'string');
  });

  it('shows probabilities per token and only the wanted fields', async () => {
    const answer = await post('/completion', {
      prompt: 'One day',
      n_predict: 3,
      n_probs: 5,
      response_fields: ['completion_probabilities', 'generation_settings/n_predict'],
    });
    assert.deepEqual(Object.keys(answer), ['completion_probabilities', 'generation_settings/n_predict']);
    const probabilities = answer['completion_probabilities'] as Answer[];
    assert.equal(probabilities.length, 3);
    assert.ok(probabilities.every((entry) => (entry['top_logprobs'] as unknown[]).length === 5));
  });

  it('n_predict 0 reads the prompt and says nothing', async () => {
    const answer = await post('/completion', { prompt: 'One day', n_predict: 0 });
    assert.deepEqual([answer['content'], answer['tokens_predicted']], ['', 0]);
  });

  for (const field of ['post_sampling_probs', 'lora', 'n_indent', 't_max_predict_ms']) {
    it(`${field}, which would change the answer, is refused`, async () => {
      const value = { post_sampling_probs: true, lora: [{ id: 0, scale: 1 }], n_indent: 2, t_max_predict_ms: 5 }[field];
      const response = await server.post('/completion', { prompt: 'a', [field]: value });
      assert.equal(response.status, 400);
      assert.equal(((await json(response))['error'] as Answer)['param'], field);
    });
  }

  it('GET /props, /slots and /lora-adapters', async () => {
    const props = await json(await get('/props'));
    assert.equal(props['total_slots'], 8);
    const settings = props['default_generation_settings'] as { n_ctx: number; params: Answer };
    assert.equal(settings.n_ctx, server.model.info.contextSize);
    assert.equal(settings.params['seed'], 42);
    const slots = (await (await get('/slots?fail_on_no_slot=1')).json()) as Answer[];
    assert.equal(slots.length, 8);
    assert.ok(slots.every((slot) => slot['is_processing'] === false));
    assert.deepEqual(await (await get('/lora-adapters')).json(), []);
  });

  it('what is not done here is 501', async () => {
    assert.equal((await server.post('/slots/0?action=save', { filename: 'a' })).status, 501);
    assert.equal((await server.post('/props', {})).status, 501);
    assert.equal((await server.post('/lora-adapters', [{ id: 0, scale: 1 }])).status, 501);
    const infill = await server.post('/infill', { input_prefix: 'a', input_suffix: 'b' });
    assert.equal(infill.status, 501);
  });

  it('without slots, GET /slots is 501', async () => {
    await using other = await startServer({ slots: false });
    assert.equal((await fetch(`${other.url}/slots`)).status, 501);
  });

  it('POST /embedding has one list of vectors per input', async () => {
    const response = await server.post('/embedding', { content: ['a', 'b'] });
    const answer = (await response.json()) as { index: number; embedding: number[][] }[];
    assert.equal(response.status, 200);
    assert.deepEqual(
      answer.map(({ index, embedding }) => [index, embedding.length]),
      [
        [0, 1],
        [1, 1],
      ],
    );
    assert.equal(answer[0]?.embedding[0]?.length, server.model.info.embeddingLength);
  });

  it('POST /apply-template renders what a chat would be', async () => {
    const messages = [{ role: 'user', content: 'Hello there' }];
    const { prompt } = await post('/apply-template', { messages });
    assert.equal(prompt, server.model.renderChat([{ role: 'user', content: 'Hello there' }]));
  });

  it('POST /apply-template gives the template what a chat would give it, defaults included', async () => {
    const chatTemplate = "{{ 'thinks' if enable_thinking else 'does not' }} {{ word }}";
    await using other = await startServer({ load: { chatTemplate }, defaults: { enable_thinking: false } });
    const ask = async (more: object): Promise<unknown> => {
      const sent = { messages: [{ role: 'user', content: 'Hello' }], ...more };
      return ((await (await other.post('/apply-template', sent)).json()) as { readonly prompt: unknown }).prompt;
    };
    assert.equal(await ask({ chat_template_kwargs: { word: 'a' } }), 'does not a');
    assert.equal(await ask({ chat_template_kwargs: { word: 'b', enable_thinking: true } }), 'thinks b');
  });

  it('counts the tokens of chats and responses, under both names', async () => {
    const messages = [{ role: 'user', content: 'How many tokens is this?' }];
    const { usage } = await post('/v1/chat/completions', { messages, max_tokens: 1 });
    const expected = { object: 'response.input_tokens', input_tokens: (usage as Answer)['prompt_tokens'] };
    for (const prefix of ['/v1', '']) {
      assert.deepEqual(await post(`${prefix}/chat/completions/input_tokens`, { messages }), expected);
      assert.deepEqual(await post(`${prefix}/responses/input_tokens`, { input: messages }), expected);
    }
    for (const [path, body] of [
      ['/chat/completions/input_tokens', {}],
      ['/responses/input_tokens', { input: [] }],
      ['/v1/responses/input_tokens', { input: 'a', previous_response_id: 'resp_none' }],
    ] as const) {
      assert.equal((await server.post(path, body)).status, 400, path);
    }
    const allowed = await fetch(`${server.url}/v1/responses/input_tokens`, { method: 'PUT' });
    assert.deepEqual([allowed.status, allowed.headers.get('allow')], [405, 'POST, OPTIONS']);
  });

  it('POST /responses is another name of /v1/responses', async () => {
    const answer = await post('/responses', { input: 'Once', max_output_tokens: 4 });
    assert.equal(answer['object'], 'response');
    assert.equal((await get(`/v1/responses/${String(answer['id'])}`)).status, 200);
  });

  it('what no request could say is no default', async () => {
    await assert.rejects(startServer({ defaults: { temperature: -1 } }), RangeError);
  });
});
