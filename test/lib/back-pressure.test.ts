import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Generation, Model } from '../../lib/index.js';
import { endless, eventually, firstTestModel, idle, loadTestModel } from '../support/with-model.js';

/** Room for more than the 1,000 tokens that a reader may lag behind. */
const contextSize = 1200;
const [prompt = ''] = firstTestModel().prompts;

describe('back-pressure', () => {
  let model: Model;
  before(async () => {
    model = await loadTestModel({ contextSize, parallel: 2 });
  });
  after(async () => {
    await model.unload();
  });

  /** Reads one part of an endless generation and waits until the engine computes nothing of it any more. */
  async function stalled(): Promise<{
    generation: Generation;
    iterator: AsyncIterator<{ text: string; tokens: number }>;
  }> {
    const { tokensDecoded } = model.stats();
    const generation = model.complete(prompt, endless);
    const iterator = generation[Symbol.asyncIterator]();
    await iterator.next();
    await eventually('a thousand tokens wait', () => model.stats().tokensDecoded - tokensDecoded > 1000);
    for (;;) {
      // Another generation goes on beside it: whatever is decoded beyond that one's tokens is the reader's.
      const before = model.stats().tokensDecoded;
      const { usage } = await model.complete(prompt, { ...endless, maxTokens: 10 });
      if (model.stats().tokensDecoded - before <= usage.completionTokens) break;
    }
    assert.equal(model.stats().sequencesBusy, 1, 'it ran to its end instead of pausing');
    return { generation, iterator };
  }

  it('pauses the sequence of a reader that falls behind until it goes on, and loses nothing', async () => {
    const { generation, iterator } = await stalled();
    const parts: { readonly text: string; readonly tokens: number }[] = [];
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) parts.push(next.value);
    const result = await generation;
    const text = parts.map((part) => part.text).join('');
    const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
    assert.ok(result.text.endsWith(text), 'the rest of the text is complete');
    assert.equal(result.usage.promptTokens + result.usage.completionTokens, model.info.contextSize + 1);
    // The first part was read before.
    assert.ok(result.usage.completionTokens - tokens <= 4);
    // What had waited came in few large parts.
    assert.ok(Math.max(...parts.map((part) => part.tokens)) > 500);
  });

  it('ends when somebody awaits, whether the reader goes on or not', async () => {
    const { generation } = await stalled();
    assert.equal((await generation).stopReason, 'length');
  });

  it('does not keep a paused generation from being cancelled', async () => {
    const { generation, iterator } = await stalled();
    await iterator.return?.();
    await idle(model);
    assert.equal((await generation).stopReason, 'cancelled');
  });
});
