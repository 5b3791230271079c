/** Real models for tests, loaded once per file. Not our own parts: trained weights, small enough for every machine. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../lib/index.js';
import type { LoadModelOptions, Model } from '../../lib/index.js';

const root = new URL('../../', import.meta.url);
/** What takes this long hangs. */
const deadlineMs = 30_000;

export interface TestModel {
  readonly name: string;
  readonly path: string;
  /** Begins a text the model knows how to go on with. */
  readonly prompts: readonly string[];
}

const known: readonly TestModel[] = [
  {
    name: 'stories260K',
    path: fileURLToPath(new URL('../shared/data/stories260K.gguf', root)),
    prompts: ['Once upon a time', 'Lily and Tom went to the park', 'The little dog', 'One day, a big bird'],
  },
  {
    name: 'ember',
    path: fileURLToPath(new URL('models/ember.gguf', root)),
    prompts: ['Once upon a time', 'Two plus three is', 'Inferno is', 'One, two, three,'],
  },
];

/** The models there are: Ember comes with the package, the other one is there on some machines only. */
export const testModels: readonly TestModel[] = known.filter((model) => existsSync(model.path));

export function firstTestModel(): TestModel {
  const [model] = testModels;
  if (model === undefined) throw new Error('There is no model to test with; models/ember.gguf is missing.');
  return model;
}

/** 0.6 MiB of weights or so, 8 sequences. */
export async function loadTestModel(options: LoadModelOptions = {}): Promise<Model> {
  return loadModel(firstTestModel().path, { contextSize: 512, parallel: 8, ...options });
}

/** Waits for what must come true; the message says what did not. */
export async function eventually(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`It did not come true that ${what}.`);
    await delay(2);
  }
}

/** Every sequence is free and nothing waits. */
export async function idle(model: Model): Promise<void> {
  await eventually('every sequence is free', () => {
    const { sequencesBusy, queued } = model.stats();
    return sequencesBusy === 0 && queued === 0;
  });
}

/** Goes on until somebody ends it or its context is full. */
export const endless = { temperature: 0, ignoreEos: true } as const;
