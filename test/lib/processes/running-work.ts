import { endless, loadTestModel } from '../../support/with-model.js';

const model = await loadTestModel();
// Nothing but the generation keeps this process alive.
model.complete('Once', endless).then(
  (result) => {
    console.log(`done: ${result.stopReason}`);
  },
  () => undefined,
);
