import { endless, loadTestModel } from '../../support/with-model.js';

const model = await loadTestModel({ contextSize: 1200 });
const unread = model.complete('Once', endless);
const halfRead = model.complete('Once', endless)[Symbol.asyncIterator]();
await halfRead.next();
// Nobody reads on: the process ends although one of them may rest, paused, forever.
process.on('exit', () => {
  console.log(`done with ${String([unread, halfRead].length)}`);
});
