import { loadTestModel } from '../../support/with-model.js';

// Needs --expose-gc.
async function useAndDrop(): Promise<WeakRef<object>> {
  const model = await loadTestModel();
  await model.complete('Once', { temperature: 0, maxTokens: 4 });
  return new WeakRef(model);
}

const dropped = await useAndDrop();
const collect = setInterval(() => {
  globalThis.gc?.();
  if (dropped.deref() !== undefined) return;
  clearInterval(collect);
  console.log('done');
}, 5);
