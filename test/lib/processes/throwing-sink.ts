import type { TokenSink } from '../../../lib/api/token-sink.js';
import { endless, idle, loadTestModel } from '../../support/with-model.js';

const model = await loadTestModel();
const uncaught: unknown[] = [];
process.on('uncaughtException', (error) => uncaught.push(error));

const request = {
  prompt: 'Once upon a time',
  ...endless,
  maxTokens: -1,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  typicalP: 1,
  repeatPenalty: 1,
  repeatLastN: 64,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: -1,
  logprobs: -1,
  escapeJson: false,
  tier: 2,
  user: '',
  deadlineMs: 0,
  estimatedTokens: 0,
};
const bugs = { onText: new Error('onText'), onEnd: new Error('onEnd'), onFlush: new Error('onFlush') };
const throwing = (error: Error) => (): never => {
  throw error;
};
const harmless: TokenSink = { onText: () => undefined, onEnd: () => undefined };

const good = model.complete('Once upon a time', { ...endless, maxTokens: 60 });
model.submit(request, { ...harmless, onText: throwing(bugs.onText) });
model.submit(request, { ...harmless, onFlush: throwing(bugs.onFlush) });
model.submit({ ...request, maxTokens: 5 }, { ...harmless, onEnd: throwing(bugs.onEnd) });
const { text } = await good;
await idle(model);
const alone = await model.complete('Once upon a time', { ...endless, maxTokens: 60 });
const names = uncaught.map((error) => (error as Error).message).sort();
console.log(text === alone.text ? `done: ${names.join(' ')}` : 'the good one lost text');
await model.unload();
