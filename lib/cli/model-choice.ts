import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { builtinModels } from '../models/registry.js';
import { CliError } from './cli-error.js';
import { nearest } from './nearest.js';
import { note } from './output.js';

/** A model to load, and the id by which it is known: never a path. */
export interface ModelChoice {
  readonly id: string;
  readonly path: string;
  /** True when no model was asked for and Ember stands in. */
  readonly isDefault: boolean;
}

const defaultId = 'ember';

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function looksLikePath(value: string): boolean {
  return /[\\/]/u.test(value) || value.toLowerCase().endsWith('.gguf');
}

async function unknownModel(value: string): Promise<CliError> {
  const ids = (await builtinModels()).map((model) => model.id);
  if (looksLikePath(value)) {
    return new CliError(
      'file_not_found',
      `There is no file ${value}.`,
      'Check the path, or run without --model to use Ember.',
    );
  }
  const suggestion = nearest(value, ids);
  const remedy = `Give the path of a GGUF file or one of: ${ids.join(', ')}.`;
  const message = `There is no model "${value}".`;
  return new CliError(
    'model_not_found',
    message,
    suggestion === undefined ? remedy : `Did you mean ${suggestion}? ${remedy}`,
  );
}

/** "Qwen2.5 0.5B.gguf" → "Qwen2.5-0.5B": an id travels in URLs and JSON. */
function idOfFile(path: string): string {
  const id = basename(path)
    .replace(/\.gguf$/iu, '')
    .replace(/[^\w.-]+/gu, '-');
  return id === '' ? 'model' : id;
}

/** A registry id wins over a file of the same name; give `./name` to mean the file. */
export async function chooseModel(value: string | undefined): Promise<ModelChoice> {
  const wanted = value ?? defaultId;
  const builtin = (await builtinModels()).find((model) => model.id === wanted);
  if (builtin !== undefined) return { id: builtin.id, path: builtin.path, isDefault: value === undefined };
  if (!(await isFile(wanted))) throw await unknownModel(wanted);
  return { id: idOfFile(wanted), path: wanted, isDefault: false };
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

export async function chooseModels(values: readonly string[]): Promise<ModelChoice[]> {
  if (values.length === 0) return [await chooseModel(undefined)];
  return makeUnique(await Promise.all(values.map((value) => chooseModel(value))));
}

export function sayWhenEmber(choice: ModelChoice): void {
  if (choice.isDefault) note('No --model was given, so this uses Ember, the small built-in model.');
}
