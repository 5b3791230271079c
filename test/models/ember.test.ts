/** The model that is shipped answers what it was trained to answer, through the engine and its own chat template. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadModel } from '../../lib/index.js';
import type { ChatMessage } from '../../lib/index.js';
import { packageRoot } from '../../lib/native.js';

interface Check {
  readonly messages: readonly ChatMessage[];
  readonly expect: string;
}

const file = (name: string): string => join(packageRoot(), 'models', name);
const checks = JSON.parse(readFileSync(file('ember.checks.json'), 'utf8')) as readonly Check[];

describe('Ember', () => {
  it('is at most 4 MB', () => {
    assert.ok(statSync(file('ember.gguf')).size <= 4_000_000);
  });

  it('answers every checked conversation, all of them asked at once', async () => {
    await using model = await loadModel('ember');
    const wrong: string[] = [];
    const ask = async ({ messages, expect }: Check): Promise<void> => {
      const { text, stopReason } = await model.chat(messages, { temperature: 0, maxTokens: 200 });
      const question = messages.at(-1)?.content;
      if (stopReason !== 'stop' || !new RegExp(expect, 'su').test(text)) {
        wrong.push(`${JSON.stringify(question)} gave ${JSON.stringify(text)} (${stopReason}), expected /${expect}/`);
      }
    };
    await Promise.all(checks.map(ask));
    assert.deepEqual(wrong, []);
    assert.ok(checks.length > 100);
  });
});
