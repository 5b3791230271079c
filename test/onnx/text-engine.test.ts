/** Ember's ONNX graphs, in both ways of keeping the past, held against the same weights in the GGUF engine. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { emberF32, emberOnnx, type EmberName } from '../../fixtures/ember.js';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { Generation } from '../../lib/api/generation.js';
import { chatRequest, completionRequest } from '../../lib/api/request.js';
import type { ChatMessage, ChatOptions, GenerationOptions } from '../../lib/api/types.js';
import { CallerTrace } from '../../lib/errors.js';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { openOnnxSession } from '../../lib/onnx/open-onnx-model.js';
import { createTextGenerator } from '../../lib/onnx/text-generator.js';
import type { TextGenerator, TextGeneratorOptions } from '../../lib/onnx/text-generator.js';
import { prompts } from '../parity/prompts.js';

const greedy = { temperature: 0, maxTokens: 40 } as const;
const conversation: readonly ChatMessage[] = [{ role: 'user', content: 'What is the capital of France?' }];

let gguf: Model;

before(async () => {
  gguf = await loadModel(await emberF32(), { contextSize: 512, parallel: 1, threads: 1, cache: { memoryBytes: 0 } });
});

after(async () => {
  await gguf.unload();
});

/** The GGUF file's vocabulary as an ONNX folder's tokenizer would give it. */
function vocabularyOf(model: Model): Omit<TextGeneratorOptions, 'tokenize'> {
  const ids = Int32Array.from({ length: model.info.vocabularySize }, (_, id) => id);
  const pieces = model.tokenBytes(ids);
  const offsets = new Int32Array(pieces.length + 1);
  pieces.forEach((piece, id) => {
    offsets[id + 1] = (offsets[id] ?? 0) + piece.length;
  });
  const control = [...ids].filter(
    (id) => model.detokenize([id], { unparseSpecial: false }) === '' && (pieces[id]?.length ?? 0) > 1,
  );
  return {
    tokens: { bytes: Buffer.concat(pieces), offsets },
    addedTokens: control.map((id) => ({ id, special: true })),
    bosToken: model.info.bosToken,
    endTokens: [model.info.eosToken],
    chatTemplate: model.info.chatTemplate,
    name: 'ember',
    architecture: 'llama',
    trainContextSize: 512,
  };
}

class OnnxEmber implements AsyncDisposable {
  constructor(
    readonly generator: TextGenerator,
    readonly close: () => Promise<void>,
  ) {}

  static async open(name: EmberName, sizes: Partial<TextGeneratorOptions> = {}): Promise<OnnxEmber> {
    const session = await openOnnxSession(join(await emberOnnx(name), 'model.onnx'));
    const generator = await createTextGenerator(session, {
      ...vocabularyOf(gguf),
      tokenize: (text) => gguf.tokenize(text, { addSpecial: true, parseSpecial: true }),
      contextSize: 512,
      ...sizes,
    });
    return new OnnxEmber(generator, () => session.close());
  }

  complete(prompt: string, options: GenerationOptions = greedy): Generation {
    const { request, signal } = completionRequest(prompt, options);
    return new Generation((sink) => this.generator.submit(request, sink), signal, new CallerTrace());
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions): Generation {
    const { request, signal } = chatRequest(messages, options);
    return new Generation((sink) => this.generator.submit(request, sink), signal, new CallerTrace());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.generator.unload();
    await this.close();
  }
}

describe('text generation on ONNX graphs', () => {
  for (const name of ['ember', 'ember-gqa'] satisfies EmberName[]) {
    it(`${name}: writes the greedy texts of the GGUF engine, alone and sixteen at once`, async () => {
      const expected: string[] = [];
      for (const prompt of prompts.slice(0, 16)) expected.push((await gguf.complete(prompt, greedy)).text);
      await using alone = await OnnxEmber.open(name, { parallel: 1 });
      for (const [index, prompt] of prompts.slice(0, 16).entries()) {
        assert.equal((await alone.complete(prompt)).text, expected[index], prompt);
      }
      await using together = await OnnxEmber.open(name, { parallel: 16 });
      const answers = await Promise.all(prompts.slice(0, 16).map(async (prompt) => together.complete(prompt)));
      assert.deepEqual(
        answers.map(({ text }) => text),
        expected,
      );
    });
  }

  it('half precision ends by itself or by length and leaves only whole characters', async () => {
    for (const name of ['ember-fp16', 'ember-gqa-fp16'] as const) {
      await using ember = await OnnxEmber.open(name, { parallel: 4 });
      const { text, usage } = await ember.complete('Once upon a time');
      assert.ok(text.length > 0 && !text.includes('\u{FFFD}'));
      assert.ok(usage.completionTokens > 0 && usage.completionTokens <= greedy.maxTokens);
    }
  });

  it('a chat is rendered, answered and counted as by the GGUF engine', async () => {
    const expected = await gguf.chat(conversation, greedy);
    await using ember = await OnnxEmber.open('ember', { parallel: 2 });
    const answer = await ember.chat(conversation, greedy);
    assert.equal(answer.text, expected.text);
    assert.equal(answer.usage.promptTokens, expected.usage.promptTokens);
    assert.equal(answer.stopReason, expected.stopReason);
  });

  it('streamed pieces are the text, with the log probabilities of the GGUF engine', async () => {
    const options = { ...greedy, maxTokens: 12, logprobs: 3 };
    const expected = await gguf.complete('Once upon a time', options);
    await using ember = await OnnxEmber.open('ember', { parallel: 2 });
    const generation = ember.complete('Once upon a time', options);
    let text = '';
    for await (const part of generation) text += part.text;
    const answer = await generation;
    assert.equal(text, answer.text);
    assert.equal(text, expected.text);
    assert.equal(answer.logprobs?.length, expected.logprobs?.length);
    answer.logprobs?.forEach((entry, index) => {
      const reference = expected.logprobs?.[index];
      assert.equal(entry.id, reference?.id);
      assert.deepEqual([...entry.bytes], [...(reference?.bytes ?? [])]);
      assert.ok(Math.abs(entry.logprob - (reference?.logprob ?? 0)) < 1e-3);
    });
  });

  it('a JSON schema is kept, and a stop string ends before itself', async () => {
    await using ember = await OnnxEmber.open('ember', { parallel: 2 });
    const schema = { type: 'object', properties: { city: { enum: ['Paris', 'Rome'] } }, required: ['city'] };
    const answer = await ember.complete('The capital as JSON:', { temperature: 0, maxTokens: 60, jsonSchema: schema });
    const value = JSON.parse(answer.text) as { city: string };
    assert.ok(['Paris', 'Rome'].includes(value.city));
    const { text } = await ember.complete('Once upon a time');
    const stop = text.slice(10, 14);
    const stopped = await ember.complete('Once upon a time', { ...greedy, stop: [stop] });
    assert.equal(stopped.text, text.slice(0, text.indexOf(stop)));
    assert.equal(stopped.stopSequence, stop);
  });

  it('a seed gives the same sampled text again', async () => {
    await using ember = await OnnxEmber.open('ember', { parallel: 2 });
    const options = { temperature: 1, seed: 7, maxTokens: 24 };
    const first = await ember.complete('Once upon a time', options);
    assert.equal((await ember.complete('Once upon a time', options)).text, first.text);
  });

  it('an aborted generation rejects, a cancelled one ends, and both free their places', async () => {
    await using ember = await OnnxEmber.open('ember', { parallel: 1 });
    const controller = new AbortController();
    const long = { temperature: 0, maxTokens: 400, logitBias: { [gguf.info.eosToken]: -100 } };
    const aborted = ember.complete('Once upon a time', { ...long, signal: controller.signal });
    const waiting = ember.complete('Once upon a time', long);
    for await (const part of aborted) {
      assert.ok(part.text.length >= 0);
      break;
    }
    controller.abort(new Error('enough'));
    waiting.cancel();
    assert.equal((await waiting).stopReason, 'cancelled');
    assert.equal((await ember.complete('Hello', { ...greedy, maxTokens: 3 })).usage.completionTokens, 3);
    assert.equal(ember.generator.queueStatus().running, 0);
  });

  it('profiles and statistics have what ended', async () => {
    await using ember = await OnnxEmber.open('ember', { parallel: 2 });
    await Promise.all([ember.complete('Once upon a time'), ember.complete('Hello')]);
    const profiles = ember.generator.profiles(10);
    assert.equal(profiles.length, 2);
    for (const profile of profiles) {
      const phases = profile.tokenizeUs + profile.queueUs + profile.prefillUs + profile.decodeUs + profile.detokenizeUs;
      assert.equal(phases, profile.endedUs - profile.submittedUs);
      assert.ok(profile.promptTokens > 0);
    }
    assert.ok(ember.generator.stats().tokensPrefilled > 0);
    assert.ok(ember.generator.memoryBytes() > 0);
    assert.equal(ember.generator.info.vocabularySize, gguf.info.vocabularySize);
  });

  it('unloading ends what runs as cancelled; afterwards it is refused', async () => {
    const ember = await OnnxEmber.open('ember', { parallel: 1 });
    const running = ember.complete('Once upon a time', { temperature: 0, maxTokens: 400 });
    await ember.generator.unload();
    assert.equal((await running).stopReason, 'cancelled');
    assert.throws(() => ember.generator.queueStatus(), { code: 'model_unloaded' });
    await ember.generator.unload();
    await ember.close();
  });

  it('a graph without a KV cache and a vocabulary that does not fit are refused with what is wrong', async () => {
    const encoder = await openOnnxSession(join(await encoderOnnx('embedder-mean'), 'model.onnx'));
    const options = { ...vocabularyOf(gguf), tokenize: () => new Int32Array() };
    await assert.rejects(createTextGenerator(encoder, options), { code: 'unsupported_model' });
    await encoder.close();
    const session = await openOnnxSession(join(await emberOnnx('ember'), 'model.onnx'));
    await assert.rejects(createTextGenerator(session, { ...options, endTokens: [] }), { code: 'invalid_argument' });
    await assert.rejects(createTextGenerator(session, { ...options, endTokens: [1_000_000] }), {
      code: 'invalid_argument',
    });
    const damaged = { bytes: options.tokens.bytes, offsets: options.tokens.offsets.subarray(1) };
    await assert.rejects(createTextGenerator(session, { ...options, tokens: damaged }), { code: 'invalid_argument' });
    await session.close();
  });
});
