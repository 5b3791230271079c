import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InfernoError, loadModel } from '../../lib/index.js';
import type { Generation, GenerationPart, GenerationResult, Model } from '../../lib/index.js';
import { endless, idle, loadTestModel, testModels } from '../support/with-model.js';

const greedy = { temperature: 0, maxTokens: 40 } as const;

async function collect(generation: Generation): Promise<GenerationPart[]> {
  const parts: GenerationPart[] = [];
  for await (const part of generation) parts.push(part);
  return parts;
}

const textOf = (parts: readonly GenerationPart[]): string => parts.map((part) => part.text).join('');

for (const { name, path, prompts } of testModels) {
  describe(`generations of ${name}`, () => {
    let model: Model;
    const prompt = prompts[0] ?? '';
    before(async () => {
      model = await loadModel(path, { contextSize: 512, parallel: 8 });
    });
    after(async () => {
      await model.unload();
    });

    it('give the same text streamed, awaited, and both at once', async () => {
      const awaited = await model.complete(prompt, greedy);
      const streamed = textOf(await collect(model.complete(prompt, greedy)));
      const both = model.complete(prompt, greedy);
      const [parts, result] = await Promise.all([collect(both), both]);
      assert.notEqual(awaited.text, '');
      assert.deepEqual([streamed, textOf(parts), result.text], [awaited.text, awaited.text, awaited.text]);
    });

    it('give the same text for a prompt as tokens', async () => {
      const tokens = model.tokenize(prompt, { addSpecial: true, parseSpecial: true });
      const [text, ids, array] = await Promise.all([
        model.complete(prompt, greedy),
        model.complete(tokens, greedy),
        model.complete([...tokens], greedy),
      ]);
      assert.deepEqual([ids.text, array.text], [text.text, text.text]);
      assert.equal(text.usage.promptTokens, tokens.length);
    });

    it('count tokens, and parts add up to them', async () => {
      const generation = model.complete(prompt, { ...greedy, maxTokens: 17, ignoreEos: true });
      const parts = await collect(generation);
      const { usage, stopReason, timings } = await generation;
      assert.equal(usage.completionTokens, 17);
      assert.equal(stopReason, 'length');
      assert.equal(
        parts.reduce((sum, part) => sum + part.tokens, 0),
        17,
      );
      assert.ok(timings.prefillMs > 0 && timings.decodeMs > 0 && timings.queueMs >= 0);
    });

    it('end at a stop string that is spread over tokens, which is not part of the text', async () => {
      const parts = await collect(model.complete(prompt, { ...greedy, ignoreEos: true }));
      const whole = textOf(parts);
      const boundary = textOf(parts.slice(0, 6)).length;
      const stop = whole.slice(boundary - 2, boundary + 3);
      const generation = model.complete(prompt, { ...greedy, ignoreEos: true, stop: ['never comes', stop] });
      const streamed = textOf(await collect(generation));
      const result = await generation;
      assert.equal(result.text, whole.slice(0, whole.indexOf(stop)));
      assert.equal(streamed, result.text);
      assert.deepEqual([result.stopReason, result.stopSequence], ['stop', stop]);
    });

    it('give back text that was held for a stop string that did not come', async () => {
      const { text } = await model.complete(prompt, greedy);
      const almost = `${text.slice(5, 9)}\u0000`;
      const result = await model.complete(prompt, { ...greedy, stop: almost });
      assert.equal(result.text, text);
      assert.equal(result.stopSequence, undefined);
    });

    it('never split a character, whatever the tokens are', async () => {
      const wanted = 'Grüße 😀 日本語 👩‍👩‍👧 e\u0301 end';
      const generation = model.complete(prompt, { ...greedy, maxTokens: 200, grammar: `root ::= "${wanted}"` });
      const parts = await collect(generation);
      assert.equal(textOf(parts), wanted);
      for (const { text } of parts) assert.doesNotMatch(text, /\p{Surrogate}|\uFFFD/u);
      assert.equal((await generation).stopReason, 'stop');
    });

    it('follow a JSON schema', async () => {
      const jsonSchema = { type: 'object', properties: { n: { enum: [1, 2] } }, required: ['n'] };
      const { text } = await model.complete(prompt, { temperature: 1, seed: 3, maxTokens: 100, jsonSchema });
      const { n } = JSON.parse(text) as { readonly n: unknown };
      assert.ok(n === 1 || n === 2);
    });

    it('report the log probability of every token and its alternatives', async () => {
      const generation = model.complete(prompt, { ...greedy, logprobs: 3 });
      const parts = await collect(generation);
      const { logprobs = [], text, usage } = await generation;
      assert.equal(logprobs.length, usage.completionTokens);
      assert.deepEqual(
        parts.flatMap((part) => part.logprobs ?? []),
        logprobs,
      );
      assert.equal(Buffer.from(logprobs.flatMap((entry) => entry.bytes)).toString(), text);
      for (const { id, logprob, top } of logprobs) {
        assert.equal(top.length, 3);
        assert.equal(top[0]?.id, id);
        assert.ok(logprob <= 0 && logprob === top[0].logprob);
        const values = top.map((entry) => entry.logprob);
        assert.deepEqual(
          values,
          values.toSorted((a, b) => b - a),
        );
      }
      assert.equal((await model.complete(prompt, greedy)).logprobs, undefined);
    });

    it('repeat with the same seed and vary with others', async () => {
      const sample = async (seed: number): Promise<string> =>
        (await model.complete(prompt, { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed, maxTokens: 24 })).text;
      const first = await sample(7);
      assert.equal(await sample(7), first);
      const others = [await sample(8), await sample(9), await sample(10)];
      assert.ok(others.some((text) => text !== first));
    });

    it('obey logit biases', async () => {
      const { logprobs = [] } = await model.complete(prompt, { ...greedy, logprobs: 0 });
      const banned = logprobs[0]?.id ?? -1;
      const without = await model.complete(prompt, { ...greedy, logprobs: 0, logitBias: { [banned]: -100 } });
      assert.ok(without.logprobs?.every((entry) => entry.id !== banned));
      const only = await model.complete(prompt, { ...greedy, logprobs: 0, logitBias: { [banned]: 100 }, maxTokens: 5 });
      assert.deepEqual(
        only.logprobs?.map((entry) => entry.id),
        Array.from({ length: 5 }, () => banned),
      );
    });

    it('end with the reason length when the context is full', async () => {
      const { usage, stopReason } = await model.complete(prompt, endless);
      assert.equal(stopReason, 'length');
      assert.equal(usage.promptTokens + usage.completionTokens, model.info.contextSize + 1);
    });

    it('refuse a prompt that is longer than the context, with both counts', async () => {
      const tokens = Array.from({ length: 600 }, () => 5);
      await assert.rejects(Promise.resolve(model.complete(tokens)), (error: unknown) => {
        assert.ok(InfernoError.isInstance(error));
        assert.equal(error.code, 'context_length_exceeded');
        assert.match(error.message, /\b600\b.*\b512\b/u);
        return true;
      });
    });

    it('compute a prompt that is longer than a batch', async () => {
      await using small = await loadModel(path, { contextSize: 512, parallel: 1, batchSize: 32 });
      const tokens = model.tokenize(`${prompt}. `.repeat(60), { addSpecial: true }).slice(0, 300);
      const [expected, chunked] = await Promise.all([model.complete(tokens, greedy), small.complete(tokens, greedy)]);
      assert.equal(chunked.usage.promptTokens, 300);
      assert.equal(chunked.text, expected.text);
    });

    it('answer a chat as they complete the rendered prompt', async () => {
      const messages = [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: [{ type: 'text', text: 'Hello!' }] },
      ] as const;
      const prompt = model.renderChat(messages);
      assert.match(prompt, /Hello!/u);
      const [chat, complete] = await Promise.all([model.chat(messages, greedy), model.complete(prompt, greedy)]);
      assert.equal(chat.usage.promptTokens, complete.usage.promptTokens);
      assert.ok(chat.text.startsWith(complete.text) || complete.text.startsWith(chat.text));
    });

    it('leave nothing behind', async () => {
      await idle(model);
    });
  });
}

describe('the handle of a generation', () => {
  let model: Model;
  before(async () => {
    model = await loadTestModel();
  });
  after(async () => {
    await model.unload();
  });

  it('may be read and awaited after the end', async () => {
    const generation = model.complete('Once upon a time', greedy);
    const { text } = await generation;
    assert.equal(textOf(await collect(generation)), text);
    assert.equal((await generation.result).text, text);
  });

  it('has one reader', async () => {
    const generation = model.complete('Once upon a time', greedy);
    await collect(generation);
    await assert.rejects(collect(generation), /TypeError: A generation can be iterated once/u);
  });

  it('gives each of several readers that wait at once the next part', async () => {
    const { text } = await model.complete('Once upon a time', { temperature: 0, maxTokens: 3 });
    const iterator = model.complete('Once upon a time', { temperature: 0, maxTokens: 3 })[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 6 }, () => iterator.next()));
    assert.equal(results.map((result) => result.value?.text ?? '').join(''), text);
    assert.equal(results.at(-1)?.done, true);
  });

  it('cancels when the loop is left', async () => {
    const generation = model.complete('Once upon a time', endless);
    let text = '';
    for await (const part of generation) {
      text += part.text;
      if (text.length > 20) break;
    }
    const result: GenerationResult = await generation;
    assert.equal(result.stopReason, 'cancelled');
    assert.ok(result.text.startsWith(text));
    await idle(model);
  });

  it('cancel ends it with the text so far, for readers too, any number of times', async () => {
    const generation = model.complete('Once upon a time', endless);
    const iterator = generation[Symbol.asyncIterator]();
    await iterator.next();
    generation.cancel();
    generation.cancel();
    const { stopReason, usage } = await generation;
    assert.equal(stopReason, 'cancelled');
    assert.ok(usage.completionTokens < model.info.contextSize);
    while ((await iterator.next()).done !== true);
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    generation.cancel();
  });

  it('throws a failure to the reader once, and to everybody who awaits', async () => {
    const generation = model.complete([]);
    const iterator = generation[Symbol.asyncIterator]();
    await assert.rejects(iterator.next(), { code: 'empty_prompt' });
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    await assert.rejects(generation.result, { code: 'empty_prompt' });
    await assert.rejects(Promise.resolve(generation), { code: 'empty_prompt' });
  });
});
