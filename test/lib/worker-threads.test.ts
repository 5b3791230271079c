import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { endless, firstTestModel, loadTestModel } from '../support/with-model.js';

const [prompt = ''] = firstTestModel().prompts;
const script = new URL('processes/worker.ts', import.meta.url);

async function startWorker(): Promise<Worker> {
  // Loaders do not reach the worker threads of Node 20 by themselves.
  const code = `import { register } from 'tsx/esm/api'; register(); await import(${JSON.stringify(script.href)});`;
  const worker = new Worker(code, { eval: true, execArgv: ['--input-type=module'] });
  const [ready] = (await once(worker, 'message')) as [unknown];
  assert.equal(ready, 'ready');
  return worker;
}

async function answer(worker: Worker): Promise<unknown> {
  worker.postMessage(prompt);
  const [text] = (await once(worker, 'message')) as [unknown];
  return text;
}

describe('worker threads', () => {
  it('have models of their own beside the main thread, with the same answers', async () => {
    await using model = await loadTestModel();
    const workers = await Promise.all([startWorker(), startWorker()]);
    const running = model.complete(prompt, endless);
    const texts = await Promise.all(workers.map(answer));
    const { text } = await model.complete(prompt, { temperature: 0, maxTokens: 40 });
    assert.deepEqual(texts, [text, text]);
    running.cancel();
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it('can be terminated in the middle of a stream, and the main thread goes on', async () => {
    await using model = await loadTestModel();
    for (let round = 0; round < 3; round++) {
      const worker = await startWorker();
      await answer(worker);
      await once(worker, 'message');
      await worker.terminate();
      const { usage } = await model.complete(prompt, { temperature: 0, maxTokens: 5 });
      assert.equal(usage.completionTokens, 5);
    }
  });
});
