/** Opens damaged models and runs what opens, with feeds that need not fit: `hostile-child.ts FROM TO`. */
import { writeSync } from 'node:fs';
import { mutated } from '../../fixtures/onnx/mutations.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { InfernoError } from '../../lib/errors.js';
import { openOnnxModel } from '../../lib/onnx/open-onnx-model.js';
import type { OnnxModel } from '../../lib/onnx/onnx-model.js';
import type { OnnxValue } from '../../lib/onnx/onnx-value.js';
import { fittingFeeds, soundModels, spoil } from './hostile-models.js';

const [, , from = '0', to = '0'] = process.argv;
const counts = { opened: 0, ran: 0, refused: 0 };
const faults: string[] = [];

/** The codes of files and feeds that are wrong, and TypeErrors of values that are no tensors. */
const expectedCodes = new Set([
  'invalid_model_file',
  'unsupported_model',
  'invalid_tensor',
  'run_failed',
  'out_of_memory',
]);

function isClear(error: unknown): boolean {
  if (error instanceof InfernoError) return expectedCodes.has(error.code) && error.message.length > 10;
  return error instanceof TypeError && error.message.startsWith('Expected ');
}

async function tried(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    counts.refused++;
    if (!isClear(error)) faults.push(`${what}: ${String(error)}`);
  }
}

async function runSome(model: OnnxModel, what: string, random: SeededRandom): Promise<void> {
  const feeds = fittingFeeds(model);
  if (feeds === undefined) return;
  for (const tryout of [feeds, spoil(feeds, random), spoil(feeds, random)]) {
    await tried(what, async () => {
      await model.run<OnnxValue>(tryout);
      counts.ran++;
    });
    await tried(what, () => {
      model.runSync<OnnxValue>(tryout);
      counts.ran++;
      return Promise.resolve();
    });
  }
}

for (let seed = Number(from); seed < Number(to); seed++) {
  for (const [name, bytes] of Object.entries(soundModels)) {
    const what = `${name}, seed ${String(seed)}`;
    // Written at once: the last line tells what ended the process.
    writeSync(2, `\r${what}    `);
    await tried(what, async () => {
      await using model = await openOnnxModel(seed === 0 ? bytes : mutated(bytes, seed));
      counts.opened++;
      await runSome(model, what, new SeededRandom(seed));
    });
  }
}
console.log(JSON.stringify({ ...counts, faults }));
