/**
 * Embeddings of an encoder in GGUF that come at the same moment: one input to a decode, and as many as fit.
 *   node --import tsx bench/gguf-embeddings.ts [minilm|bert-tiny|embedder-mean]
 */
import { encoderGguf, type GgufEncoderName } from '../fixtures/gguf-encoders.js';
import { median } from '../lib/bench/measure/stats.js';
import { SeededRandom } from '../lib/bench/seeded-random.js';
import { loadModel } from '../lib/index.js';
import type { Model } from '../lib/index.js';

const concurrent = 32;
const rounds = 15;
const warmups = 3;
const words = 'the a dog cat story house sun moon little happy numbers count from one to ten what is your name'.split(
  ' ',
);

/** Of 3 to 24 words. */
function randomTexts(seed: number): string[] {
  const random = new SeededRandom(seed);
  const word = (): string => words[random.integer(0, words.length - 1)] ?? '';
  return Array.from({ length: concurrent }, () => Array.from({ length: random.integer(3, 24) }, word).join(' '));
}

async function perSecond(model: Model, texts: readonly string[]): Promise<number> {
  const begun = performance.now();
  await Promise.all(texts.map(async (text) => model.embed(text)));
  return (1000 * concurrent) / (performance.now() - begun);
}

const name = (process.argv[2] ?? 'minilm') as GgufEncoderName;
const path = await encoderGguf(name);
await using alone = await loadModel(path, { parallel: 1 });
await using together = await loadModel(path);
const measured = { 'one to a decode': [] as number[], together: [] as number[] };
for (let round = 0; round < rounds + warmups; round++) {
  const texts = randomTexts(round);
  const rates = { 'one to a decode': await perSecond(alone, texts), together: await perSecond(together, texts) };
  if (round < warmups) continue;
  measured['one to a decode'].push(rates['one to a decode']);
  measured.together.push(rates.together);
}
for (const [what, rates] of Object.entries(measured)) {
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  console.log(`${name}, ${what}: ${median(rates).toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)}) embeddings/s`);
}
