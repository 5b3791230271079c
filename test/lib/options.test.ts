import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { loadModel } from '../../lib/index.js';
import type { ChatMessage, Model } from '../../lib/index.js';
import { firstTestModel, loadTestModel } from '../support/with-model.js';

type Kind = typeof TypeError | typeof RangeError;
type Case = readonly [options: unknown, kind: Kind, message: RegExp];

const generationCases: readonly Case[] = [
  [5, TypeError, /^Expected an object for options but received 5 of type number\.$/u],
  [null, TypeError, /an object for options but received null/u],
  [
    { temperature: 2.1 },
    RangeError,
    /^Expected a number from 0 to 2 for temperature but received 2\.1 of type number\.$/u,
  ],
  [{ temperature: '1' }, TypeError, /a number from 0 to 2 for temperature but received '1' of type string/u],
  [{ temperature: Number.NaN }, RangeError, /temperature but received NaN/u],
  [{ temperature: null }, TypeError, /temperature but received null/u],
  [{ topK: 1.5 }, RangeError, /a whole number from 0 to 2147483647 for topK but received 1\.5/u],
  [{ topP: -0.1 }, RangeError, /topP/u],
  [{ minP: 1.1 }, RangeError, /minP/u],
  [{ typicalP: 2 }, RangeError, /typicalP/u],
  [{ repeatPenalty: 0 }, RangeError, /over 0, at most 100 for repeatPenalty but received 0/u],
  [{ repeatLastN: -1 }, RangeError, /repeatLastN/u],
  [{ presencePenalty: 3 }, RangeError, /presencePenalty/u],
  [{ frequencyPenalty: -3 }, RangeError, /frequencyPenalty/u],
  [{ seed: 2 ** 32 - 1 }, RangeError, /from 0 to 4294967294 for seed/u],
  [{ maxTokens: 0 }, RangeError, /from 1 to 2000000 for maxTokens/u],
  [{ logprobs: 21 }, RangeError, /from 0 to 20 for logprobs/u],
  [{ ignoreEos: 1 }, TypeError, /a boolean for ignoreEos/u],
  [{ stop: 5 }, TypeError, /a string or an array of strings for stop/u],
  [{ stop: ['a', ''] }, TypeError, /not empty for stop\[1\] but received '' of type string/u],
  [{ stop: Array.from({ length: 17 }, () => 'x') }, RangeError, /at most 16 strings for stop but received 17/u],
  [{ logitBias: { 5: 101 } }, RangeError, /-100 to 100 for logitBias\[5\]/u],
  [{ logitBias: { 5: 'a' } }, TypeError, /logitBias\[5\]/u],
  [{ logitBias: { five: 1 } }, TypeError, /token ids for the keys of logitBias but received 'five'/u],
  [{ logitBias: [1] }, TypeError, /an object for logitBias but received \[ 1 \] of type array/u],
  [{ grammar: '' }, TypeError, /not empty for grammar/u],
  [{ jsonSchema: '{}' }, TypeError, /an object for jsonSchema/u],
  [{ grammar: 'root ::= "a"', jsonSchema: {} }, TypeError, /grammar or jsonSchema but received both/u],
  [{ signal: {} }, TypeError, /an AbortSignal for signal/u],
  [{ priority: 'urgent' }, TypeError, /one of vip, high, normal, low for priority but received 'urgent'/u],
  [{ priority: 4 }, TypeError, /one of vip, high, normal, low for priority but received 4/u],
  [{ user: '' }, TypeError, /a string that is not empty for user/u],
  [{ user: 'x'.repeat(257) }, RangeError, /at most 256 characters for user but received 257/u],
  [{ deadlineMs: 0 }, RangeError, /a number from 1 to 86400000 for deadlineMs/u],
  [{ deadlineMs: 86_400_001 }, RangeError, /deadlineMs/u],
  [{ estimatedTokens: 1.5 }, RangeError, /a whole number from 1 to 2000000 for estimatedTokens/u],
  [{ temprature: 1 }, TypeError, /^There is no option "temprature"; did you mean temperature\?$/u],
  [{ top_p: 1 }, TypeError, /did you mean topP\?/u],
  [{ frobnicate: 1 }, TypeError, /no option "frobnicate"; the options are temperature, /u],
];

const loadCases: readonly Case[] = [
  [{ contextSize: 8 }, RangeError, /from 16 to 16777216 for contextSize/u],
  [{ parallel: 65 }, RangeError, /from 1 to 64 for parallel/u],
  [{ batchSize: 0 }, RangeError, /batchSize/u],
  [{ threads: 0 }, RangeError, /from 1 to 1024 for threads/u],
  [{ threads: 'many' }, TypeError, /or 'auto' for threads but received 'many'/u],
  [{ gpuLayers: -1 }, RangeError, /gpuLayers/u],
  [{ vocabularyOnly: 'yes' }, TypeError, /a boolean for vocabularyOnly/u],
  [{ probe: 0 }, TypeError, /a boolean for probe/u],
  [{ onProgress: true }, TypeError, /a function for onProgress/u],
  [{ signal: 'now' }, TypeError, /an AbortSignal for signal/u],
  [{ scheduling: 'fifo' }, TypeError, /an object for scheduling but received 'fifo'/u],
  [{ scheduling: { policy: 'lifo' } }, TypeError, /one of priority, fifo for scheduling\.policy but received 'lifo'/u],
  [{ scheduling: { queueCapacity: 0 } }, RangeError, /from 1 to 1000000 for scheduling\.queueCapacity/u],
  [{ scheduling: { minWorkers: 65 } }, RangeError, /from 1 to 64 for scheduling\.minWorkers/u],
  [{ scheduling: { targetLatencyMs: -1 } }, RangeError, /scheduling\.targetLatencyMs/u],
  [{ scheduling: { capacity: 5 } }, TypeError, /no option "scheduling\.capacity"; the options are policy, /u],
  [{ cache: { memoryBytes: -1 } }, RangeError, /cache\.memoryBytes/u],
  [{ cache: { type: 'q8_0' } }, TypeError, /cache\.type/u],
  [{ cache: { directory: 5 } }, TypeError, /cache\.directory but received 5/u],
  [{ cache: { memorybytes: 5 } }, TypeError, /"cache\.memorybytes"; did you mean memoryBytes\?/u],
  [{ speculation: 'never' }, TypeError, /one of auto, off for speculation but received 'never'/u],
  [{ speculation: { maxDraftTokens: 17 } }, RangeError, /from 1 to 16 for speculation\.maxDraftTokens/u],
  [{ ctxSize: 512 }, TypeError, /no option "ctxSize"/u],
  [{ contextsize: 512 }, TypeError, /did you mean contextSize\?/u],
];

const messageCases: readonly Case[] = [
  ['hello', TypeError, /an array for messages but received 'hello' of type string/u],
  [[], RangeError, /at least one message/u],
  [['hello'], TypeError, /an object for messages\[0\] but received 'hello'/u],
  [[{ content: 'x' }], TypeError, /one of system, .* for messages\[0\]\.role but received undefined/u],
  [[{ role: 'robot', content: 'x' }], TypeError, /messages\[0\]\.role but received 'robot'/u],
  [[{ role: 'user', content: 5 }], TypeError, /messages\[0\]\.content but received 5/u],
  [[{ role: 'user', content: [5] }], TypeError, /an object for messages\[0\]\.content\[0\]/u],
  [[{ role: 'user', content: [{ type: 'image_url' }] }], TypeError, /'text' for messages\[0\]\.content\[0\]\.type/u],
  [[{ role: 'user', content: [{ type: 'text' }] }], TypeError, /a string for messages\[0\]\.content\[0\]\.text/u],
];

const isFault =
  ([, kind, message]: Case) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof kind, `${inspect(error)} is no ${kind.name}`);
    assert.match(error.message, message);
    return true;
  };

describe('wrong options', () => {
  let model: Model;
  before(async () => {
    model = await loadTestModel();
  });
  after(async () => {
    await model.unload();
  });

  for (const fault of generationCases) {
    it(`of a generation: ${inspect(fault[0], { breakLength: Infinity })}`, () => {
      const options = fault[0] as object;
      assert.throws(() => model.complete('x', options), isFault(fault));
      assert.throws(() => model.chat([{ role: 'user', content: 'x' }], options), isFault(fault));
    });
  }

  for (const fault of loadCases) {
    it(`of loadModel: ${inspect(fault[0])}`, async () => {
      await assert.rejects(loadModel(firstTestModel().path, fault[0] as object), isFault(fault));
    });
  }

  for (const fault of messageCases) {
    it(`messages: ${inspect(fault[0], { breakLength: Infinity })}`, () => {
      const messages = fault[0] as ChatMessage[];
      assert.throws(() => model.chat(messages), isFault(fault));
      assert.throws(() => model.renderChat(messages), isFault(fault));
    });
  }

  it('are all named at once, and only values out of range make a RangeError', () => {
    const wrong = { temperature: 3, topP: 2, maxTokens: -1 };
    assert.throws(() => model.complete('x', wrong), /^RangeError: .*maxTokens.*temperature.*topP/u);
    assert.throws(
      () => model.complete('x', { ...wrong, seeed: 1 } as object),
      /^TypeError: .*seeed.*temperature.*topP/u,
    );
  });

  it('prompts and tokens', () => {
    const wrongPrompt = 5 as unknown as string;
    assert.throws(
      () => model.complete(wrongPrompt),
      /TypeError: Expected an Int32Array or an array of token ids for prompt/u,
    );
    assert.throws(() => model.complete([1, 2.5]), /TypeError: .* prompt\[1\] but received 2\.5/u);
    assert.throws(() => model.detokenize([-1]), /TypeError: .* tokens\[0\] but received -1/u);
    assert.throws(() => model.tokenize(wrongPrompt), /TypeError: Expected a string for text/u);
    assert.throws(() => model.tokenize('x', { addSpecials: true } as object), /did you mean addSpecial\?/u);
  });

  it('embed', async () => {
    await assert.rejects(
      model.embed(['a', 5] as string[]),
      /TypeError: Expected a string or an Int32Array for input\[1\] but received 5/u,
    );
    await assert.rejects(model.embed('a', { normalise: true } as object), /did you mean normalize\?/u);
  });

  it('a wrong call submits nothing', () => {
    const { requestsFinished, queued, sequencesBusy } = model.stats();
    assert.deepEqual([requestsFinished, queued, sequencesBusy], [0, 0, 0]);
  });

  it('undefined means not given', async () => {
    const options = { temperature: 0, maxTokens: 2, topP: undefined, stop: undefined, signal: undefined } as object;
    const { usage } = await model.complete('Once upon a time', options);
    assert.equal(usage.completionTokens, 2);
  });
});
