import { loadTestModel } from '../../support/with-model.js';

const model = await loadTestModel();
await model.complete('Once', { temperature: 0, maxTokens: 4 });
await model.unload();
console.log('done');
