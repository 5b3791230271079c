import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Model } from '../../lib/index.js';
import { endless, firstTestModel, loadTestModel } from '../support/with-model.js';

const [prompt = ''] = firstTestModel().prompts;
const messages = [{ role: 'user', content: 'Hello!' }] as const;
const short = { temperature: 0, maxTokens: 2 } as const;

/** Every public method, as a caller uses it. */
const methods: Readonly<Record<string, (model: Model) => unknown>> = {
  chat: (model) => model.chat(messages, short),
  complete: (model) => model.complete(prompt, short),
  tokenize: (model) => model.tokenize('Hello'),
  detokenize: (model) => model.detokenize([5]),
  renderChat: (model) => model.renderChat(messages),
  embed: (model) => model.embed('Hello'),
  stats: (model) => model.stats(),
  info: (model) => model.info.contextSize,
  unload: (model) => model.unload(),
};
const alwaysAllowed = new Set(['info', 'unload']);

/** How a model comes into the state; `allowed` says what every method but `info` and `unload` meets there. */
const states: readonly {
  readonly name: string;
  readonly allowed: boolean;
  readonly enter: (model: Model) => Promise<unknown>;
}[] = [
  { name: 'fresh', allowed: true, enter: () => Promise.resolve() },
  {
    name: 'while streaming',
    allowed: true,
    enter: async (model) => model.complete(prompt, endless)[Symbol.asyncIterator]().next(),
  },
  {
    name: 'while unloading',
    allowed: false,
    enter: async (model) => {
      await model.complete(prompt, endless)[Symbol.asyncIterator]().next();
      void model.unload();
    },
  },
  { name: 'unloaded', allowed: false, enter: (model) => model.unload() },
];

describe('every method in every state', () => {
  for (const { name, allowed, enter } of states) {
    for (const [method, call] of Object.entries(methods)) {
      const works = allowed || alwaysAllowed.has(method);
      it(`${method} ${name} ${works ? 'works' : 'says model_unloaded'}`, async () => {
        await using model = await loadTestModel({ parallel: 2 });
        await enter(model);
        const outcome = new Promise((resolve) => {
          resolve(call(model));
        });
        if (works) await outcome;
        else await assert.rejects(outcome, { code: 'model_unloaded' });
      });
    }
  }
});

describe('unload', () => {
  it('ends running and waiting generations as cancelled, for readers and for those who await', async () => {
    const model = await loadTestModel({ parallel: 2 });
    const generations = Array.from({ length: 6 }, () => model.complete(prompt, endless));
    const [first, second] = generations;
    await first?.[Symbol.asyncIterator]().next();
    const reading = (async () => {
      let text = '';
      for await (const part of second ?? []) text += part.text;
      return text;
    })();
    const unloading = model.unload();
    const results = await Promise.all(generations);
    assert.ok(results.every((result) => result.stopReason === 'cancelled'));
    assert.equal(await reading, results[1]?.text);
    await unloading;
  });

  it('twice is the same unloading', async () => {
    const model = await loadTestModel();
    const first = model.unload();
    const second = model.unload();
    await Promise.all([first, second]);
    await model.unload();
    await model[Symbol.asyncDispose]();
  });

  it('rejects embeddings that are under way', async () => {
    const model = await loadTestModel();
    const embeddings = model.embed(Array.from({ length: 200 }, () => 'The cat sat on the mat.'));
    const outcome = embeddings.then(
      (vectors) => vectors.length,
      (error: unknown) => (error as { code?: unknown }).code,
    );
    await model.unload();
    // All or nothing: whichever was first, it does not hang.
    assert.ok(['model_unloaded', 'cancelled', 200].includes((await outcome) as string | number));
  });

  it('leaves handles of ended generations harmless', async () => {
    const model = await loadTestModel();
    const generation = model.complete(prompt, short);
    const { text } = await generation;
    await model.unload();
    generation.cancel();
    assert.equal((await generation).text, text);
  });

  it('happens at the end of an await using block', async () => {
    let kept: Model | undefined;
    {
      await using model = await loadTestModel();
      kept = model;
    }
    assert.throws(() => kept.stats(), { code: 'model_unloaded' });
  });

  it('frees memory: fifty models one after the other do not add up', async () => {
    const load = async (): Promise<void> => {
      await using model = await loadTestModel({ contextSize: 2048, parallel: 16 });
      await model.complete(prompt, short);
    };
    for (let i = 0; i < 5; i++) await load();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 50; i++) await load();
    const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
    // One of these holds over 10 MiB, so fifty that stayed would be over 500 MiB.
    assert.ok(grown < 200, `${grown.toFixed(0)} MiB more`);
  });
});
