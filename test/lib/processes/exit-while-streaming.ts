import { endless, loadTestModel } from '../../support/with-model.js';

const model = await loadTestModel();
const generations = Array.from({ length: 12 }, () => model.complete('Once', endless));
for await (const part of generations[0] ?? []) {
  if (part.text === '') continue;
  console.log('done');
  process.exit(7);
}
