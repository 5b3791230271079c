import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody, TextAnswer } from './openai-shapes.js';
import { chunksOf } from './raw-connection.js';

const path = '/v1/completions';
const prompt = 'Once upon a time';

describe('POST /v1/completions', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const answer = async (body: unknown): Promise<TextAnswer> => {
    const response = await server.post(path, body);
    assert.equal(response.status, 200);
    return (await response.json()) as TextAnswer;
  };
  const stream = async (body: object): Promise<TextAnswer[]> =>
    chunksOf<TextAnswer>(await server.post(path, { ...body, stream: true }));
  const textOf = (chunks: readonly TextAnswer[], index = 0): string =>
    chunks
      .flatMap(({ choices }) => choices)
      .filter((choice) => choice.index === index)
      .map(({ text }) => text)
      .join('');

  it('answers in the shape of OpenAI, 16 tokens unless told otherwise', async () => {
    const body = await answer({ prompt, temperature: 0 });
    assert.match(body.id, /^cmpl-\w+$/);
    assert.equal(body.object, 'text_completion');
    assert.equal(body.choices.length, 1);
    assert.deepEqual({ ...body.choices[0], text: '' }, { text: '', index: 0, logprobs: null, finish_reason: 'length' });
    assert.equal(body.usage?.completion_tokens, 16);
  });

  it('gives the text the programmatic API gives, streamed or not', async () => {
    const direct = await server.model.complete(prompt, { temperature: 0, maxTokens: 40 });
    const request = { prompt, temperature: 0, max_tokens: 40 };
    assert.equal((await answer(request)).choices[0]?.text, direct.text);
    const chunks = await stream(request);
    assert.equal(textOf(chunks), direct.text);
    assert.deepEqual(chunks.at(-1)?.choices[0], { text: '', index: 0, logprobs: null, finish_reason: 'length' });
  });

  it('takes tokens, several prompts and several arrays of tokens', async () => {
    const tokens = Array.from(server.model.tokenize(prompt, { addSpecial: true }));
    const request = { temperature: 0, max_tokens: 10 };
    const text = (await answer({ ...request, prompt })).choices[0]?.text;
    assert.equal((await answer({ ...request, prompt: tokens })).choices[0]?.text, text);
    const several = await answer({ ...request, prompt: [prompt, 'Lily was'], n: 2 });
    assert.deepEqual(
      several.choices.map((choice) => choice.index),
      [0, 1, 2, 3],
    );
    assert.equal(several.choices[0]?.text, text);
    assert.equal(several.choices[1]?.text, text);
    assert.notEqual(several.choices[2]?.text, text);
    assert.equal(several.usage?.completion_tokens, 40);
    assert.deepEqual(
      (await answer({ ...request, prompt: [tokens, tokens] })).choices.map((choice) => choice.text),
      [text, text],
    );
  });

  it('repeats the prompt when asked', async () => {
    const request = { prompt: 'He said "hi"\n', temperature: 0, max_tokens: 4 };
    const plain = (await answer(request)).choices[0]?.text ?? '';
    assert.equal((await answer({ ...request, echo: true })).choices[0]?.text, request.prompt + plain);
    assert.equal(textOf(await stream({ ...request, echo: true })), request.prompt + plain);
  });

  it('reports logprobs by token with offsets into the text', async () => {
    const request = { prompt, temperature: 0, max_tokens: 12, logprobs: 2 };
    const [choice] = (await answer(request)).choices;
    const logprobs = choice?.logprobs;
    assert.ok(logprobs);
    assert.equal(logprobs.tokens.length, 12);
    assert.equal(logprobs.token_logprobs.length, 12);
    for (const [i, token] of logprobs.tokens.entries()) {
      assert.equal(choice.text.slice(logprobs.text_offset[i], (logprobs.text_offset[i] ?? 0) + token.length), token);
      assert.equal(Object.keys(logprobs.top_logprobs[i] ?? {}).length, 2);
    }
    const streamed = (await stream(request)).flatMap((chunk) => chunk.choices[0]?.logprobs?.text_offset ?? []);
    assert.deepEqual(streamed, logprobs.text_offset);
  });

  it('answers token ids that the model does not have 400', async () => {
    const response = await server.post(path, { prompt: [1, 99_999_999] });
    assert.equal(response.status, 400);
    const { error } = (await response.json()) as ErrorBody;
    assert.deepEqual([error.code, error.param], ['invalid_argument', 'prompt']);
  });

  it('counts usage of all prompts', async () => {
    const one = await answer({ prompt, max_tokens: 3 });
    const two = await answer({ prompt: [prompt, prompt], n: 2, max_tokens: 3 });
    assert.equal(two.usage?.prompt_tokens, 2 * (one.usage?.prompt_tokens ?? 0));
    const chunks = await stream({ prompt: [prompt, prompt], max_tokens: 3, stream_options: { include_usage: true } });
    assert.deepEqual(chunks.at(-1)?.choices, []);
    assert.equal(chunks.at(-1)?.usage?.prompt_tokens, two.usage.prompt_tokens);
  });

  it('goes on past the end of generation when told to', async () => {
    const body = await answer({ prompt, temperature: 0, max_tokens: 400, ignore_eos: true });
    assert.equal(body.usage?.completion_tokens, 400);
  });

  it('writes text that needs escaping as valid JSON, streamed and not', async () => {
    const grammar = String.raw`root ::= "a\"b\\c\nd\te é 漢 😀"`;
    const request = { prompt, max_tokens: 100, grammar };
    const expected = 'a"b\\c\nd\te é 漢 😀';
    assert.equal((await answer(request)).choices[0]?.text, expected);
    assert.equal(textOf(await stream(request)), expected);
  });
});
