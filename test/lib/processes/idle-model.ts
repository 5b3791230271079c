import { loadTestModel } from '../../support/with-model.js';

const model = await loadTestModel();
await model.complete('Once', { temperature: 0, maxTokens: 4 });
// Neither unloaded nor used any more, but still referenced.
process.on('exit', () => {
  console.log(`done with ${model.info.architecture}`);
});
