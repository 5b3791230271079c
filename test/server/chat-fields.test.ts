import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import { eventsOf } from './event-texts.js';
import type { ChatAnswer, ErrorBody, TextAnswer } from './openai-shapes.js';

const chat = '/v1/chat/completions';
const text = '/v1/completions';
const messages = [{ role: 'user', content: 'Once upon a time' }];
const few = { messages, temperature: 0, max_tokens: 6 };

type Body = Readonly<Record<string, unknown>>;

describe('fields of chat and text requests', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const ask = async <Answer>(path: string, body: Body): Promise<Answer> => {
    const response = await server.post(path, body);
    const json = await response.text();
    assert.equal(response.status, 200, json);
    return JSON.parse(json) as Answer;
  };
  const said = async (body: Body): Promise<string> =>
    (await ask<ChatAnswer>(chat, { ...few, ...body })).choices[0]?.message.content ?? '';

  it('takes everything that OpenAI describes and that changes nothing here', async () => {
    const extras = {
      metadata: { purpose: 'test' },
      store: false,
      safety_identifier: 'user-1',
      prompt_cache_key: 'key',
      verbosity: 'low',
      modalities: ['text'],
      prediction: { type: 'content', content: 'Once upon' },
      reasoning_effort: 'low',
      parallel_tool_calls: true,
      cache_prompt: true,
      n_keep: 4,
      id_slot: 0,
      user: 'somebody',
    };
    assert.equal(await said(extras), await said({}));
  });

  it('joins content parts', async () => {
    const parts = ['Once upon', 'a time'].map((part) => ({ type: 'text', text: part }));
    const one = await ask<ChatAnswer>(chat, { ...few, messages: [{ role: 'user', content: parts }] });
    assert.ok(one.usage.prompt_tokens > 0);
  });

  it('takes the newer and llama.cpp’s names of the token limit', async () => {
    for (const body of [{ max_completion_tokens: 3 }, { n_predict: 3 }]) {
      const answer = await ask<ChatAnswer>(chat, { messages, temperature: 0, ...body });
      assert.ok(answer.usage.completion_tokens <= 3);
    }
  });

  it('tells the service tier to who asked for one', async () => {
    const tiers = { flex: 'flex', default: 'default', priority: 'priority', auto: 'default' };
    for (const [asked, got] of Object.entries(tiers)) {
      const answer = await ask<{ service_tier?: string }>(chat, { ...few, service_tier: asked });
      assert.equal(answer.service_tier, got);
    }
    assert.ok(!('service_tier' in (await ask<object>(chat, few))));
  });

  it('biases tokens by id, by llama.cpp’s pairs and by text', async () => {
    const usual = await ask<ChatAnswer>(chat, { ...few, logprobs: true, top_logprobs: 0 });
    const first = usual.choices[0]?.logprobs?.content[0]?.token ?? '';
    // Several ids may have the same text.
    const vocabulary = Array.from({ length: server.model.info.vocabularySize }, (_, id) => id);
    const ids = vocabulary.filter((id) => server.model.detokenize(Int32Array.of(id)).trim() === first.trim());
    assert.ok(ids.length > 0);
    const pairs = ids.map((id): [number, boolean] => [id, false]);
    for (const bias of [Object.fromEntries(ids.map((id) => [id, -100])), pairs]) {
      const other = await ask<ChatAnswer>(chat, { ...few, logprobs: true, logit_bias: bias });
      assert.notEqual(other.choices[0]?.logprobs?.content[0]?.token, first);
    }
    const spelled = server.model.tokenize('little', { addSpecial: false, parseSpecial: true });
    const byIds = await said({ logit_bias: Array.from(spelled, (token) => [token, 50]) });
    assert.equal(await said({ logit_bias: [['little', 50]] }), byIds);
    assert.notEqual(byIds, await said({}));
  });

  const samplers: readonly Body[] = [
    { mirostat: 1 },
    { mirostat: 2, mirostat_tau: 4, mirostat_eta: 0.2 },
    { dynatemp_range: 0.5, dynatemp_exponent: 1.2 },
    { top_n_sigma: 1.5 },
    { xtc_probability: 0.5, xtc_threshold: 0.05 },
    { dry_multiplier: 0.8, dry_sequence_breakers: ['\n'] },
    { adaptive_target: 0.5 },
    { samplers: ['top_k', 'temperature'] },
    { samplers: 'kt', min_keep: 2 },
    { samplers: ['temperature', 'adaptive_p'], adaptive_target: 0.3 },
  ];
  for (const sampler of samplers) {
    it(`samples with ${JSON.stringify(sampler)}, the same again with the same seed`, async () => {
      const body = { ...sampler, seed: 5, temperature: 0.9 };
      assert.equal(await said(body), await said(body));
    });
  }

  it('a sampler order without temperature and with top_k 1 is greedy', async () => {
    assert.equal(await said({ temperature: 1.5, samplers: ['top_k'], top_k: 1 }), await said({}));
  });

  it('returns the likeliest of best_of choices', async () => {
    const body = { prompt: 'Once upon', max_tokens: 8, temperature: 1.2, seed: 1 };
    const all = await ask<TextAnswer>(text, { ...body, n: 4, logprobs: 0 });
    const mean = ({ logprobs }: TextAnswer['choices'][number]): number => {
      const values = logprobs?.token_logprobs ?? [];
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const likeliest = [...all.choices].sort((a, b) => mean(b) - mean(a))[0];
    const best = await ask<TextAnswer>(text, { ...body, best_of: 4 });
    assert.equal(best.choices.length, 1);
    assert.equal(best.choices[0]?.text, likeliest?.text);
    assert.equal(best.choices[0]?.logprobs, null);
    assert.equal(best.usage?.completion_tokens, all.usage?.completion_tokens);
  });

  it('gives one choice per prompt, of texts and of token ids', async () => {
    const ids = [...server.model.tokenize('Once upon')];
    const answer = await ask<TextAnswer>(text, { prompt: [ids, ids.slice(0, 1)], max_tokens: 2 });
    assert.deepEqual(
      answer.choices.map((choice) => choice.index),
      [0, 1],
    );
  });

  it('counts what was cached, thought and guessed', async () => {
    const { usage } = await ask<{ usage: Readonly<Record<string, Record<string, number>>> }>(chat, few);
    assert.equal(typeof usage['prompt_tokens_details']?.['cached_tokens'], 'number');
    assert.equal(usage['completion_tokens_details']?.['reasoning_tokens'], 0);
    assert.equal(typeof usage['completion_tokens_details']['accepted_prediction_tokens'], 'number');
  });

  it('continues the last message of the assistant when asked to', async () => {
    const conversation = [...messages, { role: 'assistant', content: 'There was' }];
    const answer = await ask<ChatAnswer>(chat, { ...few, messages: conversation, continue_final_message: true });
    assert.ok(!answer.choices[0]?.message.content.startsWith('There was'));
    const body = { ...few, messages: conversation, continue_final_message: true, stream: true };
    const streamed = eventsOf(await (await server.post(chat, body)).text())
      .filter((event) => event !== '[DONE]')
      .map(
        (event) =>
          (JSON.parse(event) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '',
      )
      .join('');
    assert.equal(streamed, answer.choices[0]?.message.content);
  });

  it('says who answered, in what time, and how much room is left', async () => {
    const response = await server.post(chat, few);
    await response.arrayBuffer();
    const { headers } = response;
    assert.match(headers.get('x-request-id') ?? '', /^req_/);
    assert.match(headers.get('openai-processing-ms') ?? '', /^\d+$/);
    assert.match(headers.get('openai-version') ?? '', /^\d{4}-\d\d-\d\d$/);
    const limit = Number(headers.get('x-ratelimit-limit-requests'));
    const remaining = Number(headers.get('x-ratelimit-remaining-requests'));
    assert.ok(limit > 0 && remaining <= limit && remaining > 0);
    assert.match(headers.get('x-ratelimit-reset-requests') ?? '', /^[\dms.]+$/);
    assert.equal(headers.get('x-ratelimit-limit-tokens'), null);
  });

  const faulty: readonly (readonly [string, string, Body, string])[] = [
    [
      'an image',
      chat,
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages[0].content[0].type',
    ],
    ['an unknown sampler', chat, { messages, samplers: ['luck'] }, 'samplers'],
    ['a mirostat of the future', chat, { messages, mirostat: 3 }, 'mirostat'],
    ['a bias that is no number', chat, { messages, logit_bias: [[1, 'x']] }, 'logit_bias'],
    ['fewer best_of than n', text, { prompt: 'a', n: 3, best_of: 2 }, 'best_of'],
    ['a streamed best_of', text, { prompt: 'a', best_of: 2, stream: true }, 'best_of'],
    ['a suffix for a model without infilling', text, { prompt: 'a', suffix: 'b' }, 'suffix'],
    ['an unknown effort', chat, { messages, reasoning_effort: 'some' }, 'reasoning_effort'],
  ];
  for (const [what, path, body, param] of faulty) {
    it(`refuses ${what}`, async () => {
      const response = await server.post(path, body);
      assert.equal(response.status, 400);
      assert.equal(((await response.json()) as ErrorBody).error.param, param);
    });
  }
});
