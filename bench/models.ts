/** The models that are measured, and how long each is. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShapeName } from '../lib/gguf/shapes.js';

const ggufNames = ['nano', 'stories260K', '160m', 'tinyllama-1.1b'] as const;
/** Graphs in ONNX, by their names in fixtures/onnx-models.ts. */
const onnxNames = ['add', 'embedder-mean', 'bert-tiny', 'minilm', 'ember'] as const;
export const modelNames = [...ggufNames, ...onnxNames] as const;
type GgufName = (typeof ggufNames)[number];
type OnnxName = (typeof onnxNames)[number];
export type ModelName = (typeof modelNames)[number];

function isOnnxName(name: ModelName): name is OnnxName {
  return (onnxNames as readonly string[]).includes(name);
}

export function isModelName(name: string): name is ModelName {
  return (modelNames as readonly string[]).includes(name);
}

export interface BenchModel {
  readonly name: ModelName;
  /** What the file is; differs from the name where another file stands in. */
  readonly label: string;
  readonly path: string;
  /** Nearly no compute: what counts is overhead. */
  readonly tiny: boolean;
  /** Of each answer. */
  readonly tokens: number;
  /** Answers one after the other in one run, alone and in a batch: together about a second or more. */
  readonly rounds: number;
  readonly batchRounds: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));

const lengths: Readonly<Record<GgufName, Pick<BenchModel, 'tiny' | 'tokens' | 'rounds' | 'batchRounds'>>> = {
  nano: { tiny: true, tokens: 256, rounds: 8, batchRounds: 3 },
  stories260K: { tiny: true, tokens: 256, rounds: 16, batchRounds: 6 },
  '160m': { tiny: false, tokens: 256, rounds: 2, batchRounds: 1 },
  'tinyllama-1.1b': { tiny: false, tokens: 128, rounds: 1, batchRounds: 1 },
};

/** Written once and kept: their weights come from a fixed seed. */
function syntheticModel(shape: ShapeName, folder: string): string {
  const path = join(folder, `${shape}-q4_k_m.gguf`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const args = ['--import', 'tsx', 'scripts/make-model.ts', '--shape', shape, '--type', 'Q4_K_M', '--out', path];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`The model ${shape} could not be made.`);
  return path;
}

/** The model that comes with the package. */
export const builtinEmber = join(root, 'models/ember.gguf');

function fileOf(name: GgufName, folder: string): Pick<BenchModel, 'label' | 'path'> {
  if (name !== 'stories260K') return { label: `${name} Q4_K_M`, path: syntheticModel(name, folder) };
  const stories = join(dirname(root), 'shared/data/stories260K.gguf');
  if (existsSync(stories)) return { label: name, path: stories };
  return { label: 'ember', path: builtinEmber };
}

/** Rounds are of the requests that come at once. */
const onnxLengths: Readonly<Record<OnnxName, Pick<BenchModel, 'tiny' | 'tokens' | 'rounds' | 'batchRounds'>>> = {
  add: { tiny: true, tokens: 0, rounds: 1, batchRounds: 1 },
  'embedder-mean': { tiny: true, tokens: 0, rounds: 400, batchRounds: 400 },
  'bert-tiny': { tiny: true, tokens: 0, rounds: 400, batchRounds: 400 },
  minilm: { tiny: false, tokens: 0, rounds: 20, batchRounds: 20 },
  ember: { tiny: true, tokens: 128, rounds: 4, batchRounds: 2 },
};

function onnxFile(name: OnnxName, folder: string): Pick<BenchModel, 'label' | 'path'> {
  const out = join(folder, `onnx-${name}`);
  const args = ['--import', 'tsx', 'scripts/make-model.ts', '--onnx', name, '--out', out];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`The model ${name} could not be made.`);
  return { label: `${name} (ONNX)`, path: join(out, 'model.onnx') };
}

export interface ModelFolder {
  readonly folder: string | undefined;
  readonly quick: boolean;
}

export function benchModel(name: ModelName, { folder, quick }: ModelFolder): BenchModel {
  const place = folder ?? join(root, '.cache/models');
  const model = isOnnxName(name)
    ? { name, ...onnxFile(name, place), ...onnxLengths[name] }
    : { name, ...fileOf(name, place), ...lengths[name] };
  if (!quick) return model;
  return { ...model, tokens: model.name === 'tinyllama-1.1b' ? 16 : 64, rounds: 1, batchRounds: 1 };
}
