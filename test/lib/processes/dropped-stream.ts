import { setImmediate as nextTurn } from 'node:timers/promises';
import { endless, idle, loadTestModel } from '../../support/with-model.js';

// Needs --expose-gc. Twice as much context as a reader may lag behind, so that only a cancel ends the generations.
const model = await loadTestModel({ contextSize: 4096, parallel: 4 });

async function readALittle(): Promise<void> {
  const iterator = model.complete('Once', endless)[Symbol.asyncIterator]();
  await iterator.next();
  model.complete('Once', endless);
}

await Promise.all([readALittle(), readALittle()]);
const collect = setInterval(() => {
  globalThis.gc?.();
}, 5);
await nextTurn();
await idle(model);
clearInterval(collect);
const { tokensDecoded } = model.stats();
console.log(tokensDecoded < 4 * 4000 ? 'done' : 'they ran to their ends');
