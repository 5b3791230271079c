import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { emberId, resolveModel } from '../models/registry.js';
import type { ModelFormat } from '../models/registry.js';
import { CliError } from './cli-error.js';
import { note } from './output.js';

/** A model to load, and the id by which it is known: never a path. */
export interface ModelChoice {
  readonly id: string;
  /** What `loadModel` takes: the path or registered id as it was given. */
  readonly source: string;
  readonly path: string;
  readonly format: ModelFormat;
  /** True when no model was asked for and Ember stands in. */
  readonly isDefault: boolean;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The rule of `loadModel`: what is no path is an id, whatever files lie around. */
function isPath(value: string): boolean {
  return /[\\/]/u.test(value) || /\.(?:gguf|onnx)$/iu.test(value);
}

/** "Qwen2.5 0.5B.gguf" → "Qwen2.5-0.5B": an id travels in URLs and JSON. Of `NAME/onnx/model.onnx` it is the folder's. */
function idOfFile(path: string): string {
  const folder = /^(?<folder>.+?)(?:[\\/]onnx)?[\\/]model\w*\.onnx$/iu.exec(resolve(path))?.groups?.['folder'];
  const id = basename(folder ?? resolve(path))
    .replace(/\.(?:gguf|onnx)$/iu, '')
    .replace(/[^\w.-]+/gu, '-');
  return id === '' ? 'model' : id;
}

/** A folder is a model in ONNX; undefined when there is nothing. */
async function formatAt(path: string): Promise<ModelFormat | undefined> {
  if (await isFolder(path)) return 'onnx';
  if (!(await isFile(path))) return undefined;
  return path.toLowerCase().endsWith('.onnx') ? 'onnx' : 'gguf';
}

/**
 * Missing files and unknown ids fail here, before anything is started. `directory` is where the files with ids lie, if
 * not where they usually do.
 */
export async function chooseModel(value: string | undefined, directory?: string): Promise<ModelChoice> {
  const source = value ?? emberId;
  if (!isPath(source)) {
    const { path, isTrusted, format } = await resolveModel(source, directory);
    const isUsual = isTrusted || directory === undefined;
    return { id: source, source: isUsual ? source : path, path, format, isDefault: value === undefined };
  }
  const format = await formatAt(source);
  if (format !== undefined) return { id: idOfFile(source), source, path: source, format, isDefault: false };
  const remedy = 'Check the path, or leave out --model to use Ember.';
  throw new CliError('file_not_found', `There is no file or folder ${source}.`, remedy);
}

/** Two files of one name get -2, -3, … behind it. */
function makeUnique(choices: readonly ModelChoice[]): ModelChoice[] {
  const taken = new Set<string>();
  return choices.map((choice) => {
    let id = choice.id;
    for (let copy = 2; taken.has(id); copy++) id = `${choice.id}-${String(copy)}`;
    taken.add(id);
    return { ...choice, id };
  });
}

export async function chooseModels(values: readonly string[], directory?: string): Promise<ModelChoice[]> {
  if (values.length === 0) return [await chooseModel(undefined)];
  return makeUnique(await Promise.all(values.map((value) => chooseModel(value, directory))));
}

export function sayWhenEmber(choice: ModelChoice): void {
  if (choice.isDefault) note('No --model was given, so this uses Ember, the small built-in model.');
}
