import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { endless, testModels } from '../support/with-model.js';

for (const { name, path, prompts } of testModels) {
  describe(`many generations of ${name} at once`, () => {
    let model: Model;
    before(async () => {
      model = await loadModel(path, { contextSize: 512, parallel: 32 });
    });
    after(async () => {
      await model.unload();
    });

    it('each gives the text it gives alone', async () => {
      const requests = Array.from({ length: 32 }, (_, index) => ({
        prompt: `${prompts[index % prompts.length] ?? ''}${' '.repeat(index % 3)}`,
        options: { temperature: 0, maxTokens: 20 + index },
      }));
      const alone: string[] = [];
      for (const { prompt, options } of requests) alone.push((await model.complete(prompt, options)).text);
      const together = await Promise.all(requests.map(({ prompt, options }) => model.complete(prompt, options)));
      assert.deepEqual(
        together.map((result) => result.text),
        alone,
      );
      assert.equal(new Set(alone).size > 4, true);
    });

    it('more than there are sequences wait their turn', async () => {
      await using narrow = await loadModel(path, { contextSize: 512, parallel: 2 });
      const prompt = prompts[0] ?? '';
      const { text } = await model.complete(prompt, { temperature: 0, maxTokens: 8 });
      const results = await Promise.all(
        Array.from({ length: 50 }, () => narrow.complete(prompt, { temperature: 0, maxTokens: 8 })),
      );
      assert.deepEqual(new Set(results.map((result) => result.text)), new Set([text]));
      assert.equal(narrow.stats().requestsFinished, 50);
    });

    it('share computation: many steps carry more than one token', async () => {
      const before = model.stats();
      await Promise.all(
        Array.from({ length: 16 }, () => model.complete(prompts[0] ?? '', { ...endless, maxTokens: 64 })),
      );
      const after = model.stats();
      const tokens = after.tokensDecoded - before.tokensDecoded;
      assert.ok(tokens > 4 * (after.decodeSteps - before.decodeSteps), `${String(tokens)} tokens`);
    });

    it('two models at once do not disturb each other', async () => {
      await using other = await loadModel(path, { contextSize: 256, parallel: 4 });
      const options = { temperature: 0, maxTokens: 40 };
      const { text } = await model.complete(prompts[1] ?? '', options);
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? model : other).complete(prompts[1] ?? '', options)),
      );
      assert.deepEqual(new Set(results.map((result) => result.text)), new Set([text]));
    });
  });
}
