/**
 * Damaged model files, 1,500 of them, through everything that `loadModel` does: our own check, the throwaway process,
 * the engine. Each must give a clear error or work, and none may end this process, which is why it runs them itself.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { InfernoError, loadModel } from '../../lib/index.js';
import { GgufMutator } from './gguf-mutator.js';
import { writeMutantModels } from './mutant-models.js';

const mutants = 1500;
const firstSeed = Number(process.env['INFERNO_SEED'] ?? 1);
const concurrency = 2;

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inferno-mutants-'));
  // What passes here is of no use to anybody later.
  process.env['INFERNO_CACHE_DIR'] = join(directory, 'cache');
});

after(async () => {
  delete process.env['INFERNO_CACHE_DIR'];
  await rm(directory, { recursive: true, force: true });
});

/** Loads and uses the file; says how it went. Anything but an InfernoError with a sentence fails the test. */
async function outcomeOf(path: string, seed: number): Promise<string> {
  try {
    await using model = await loadModel(path, { contextSize: 64, parallel: 2, threads: 1 });
    const prompts = ['Hello the world', '\n'];
    await Promise.all(prompts.map((prompt) => model.complete(prompt, { maxTokens: 4, seed: 1, ignoreEos: true })));
    return 'works';
  } catch (error) {
    if (!InfernoError.isInstance(error)) throw new Error(`Mutant ${String(seed)}: ${String(error)}`, { cause: error });
    assert.notEqual(error.code, 'internal_error', `Mutant ${String(seed)}: ${error.message}`);
    assert.match(error.message, /\S{3,} \S+.*\.$/su, `Mutant ${String(seed)}: ${error.message}`);
    const died = error.message.includes('made llama.cpp abort') ? ', in the throwaway process' : '';
    return `${error.code}${died}`;
  }
}

it('gives an error or works for every damaged model file', { timeout: 1_800_000 }, async (context) => {
  const mutators = (await writeMutantModels(directory)).map((file) => new GgufMutator(file));
  const counts = new Map<string, number>();
  let next = firstSeed;
  const work = async (worker: number): Promise<void> => {
    while (next < firstSeed + mutants) {
      const seed = next++;
      const mutator = mutators[seed % mutators.length];
      assert.ok(mutator);
      const path = join(directory, `mutant-${String(worker)}.gguf`);
      await writeFile(path, mutator.mutant(seed));
      const outcome = await outcomeOf(path, seed);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
  for (const [outcome, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    context.diagnostic(`${String(count)} ${outcome}`);
  }
  const sum = [...counts.values()].reduce((total, count) => total + count, 0);
  assert.equal(sum, mutants);
  // Damage that hits nothing, and damage that hits something: if either is missing, the mutants test nothing.
  assert.ok((counts.get('works') ?? 0) > mutants / 20);
  assert.ok((counts.get('invalid_model_file') ?? 0) > mutants / 5);
});
