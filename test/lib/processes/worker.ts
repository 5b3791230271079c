import { parentPort } from 'node:worker_threads';
import { endless, loadTestModel } from '../../support/with-model.js';

// Answers one prompt, then streams until it is terminated.
const model = await loadTestModel({ parallel: 2 });
parentPort?.on('message', (prompt: string) => {
  void (async () => {
    const { text } = await model.complete(prompt, { temperature: 0, maxTokens: 40 });
    parentPort?.postMessage(text);
    for await (const part of model.complete(prompt, endless)) parentPort?.postMessage(part.text);
  })();
});
parentPort?.postMessage('ready');
