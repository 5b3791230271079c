import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { z } from 'zod';
import { InfernoError } from '../errors.js';

/** Vocabularies of 250,000 tokens take some 35 MB; what is larger than this is none. */
const mostBytes = 256 * 1024 * 1024;
/** Where exporters put the graph, best first. */
const graphFolders = ['', 'onnx'] as const;
const graphNames = ['model.onnx', 'decoder_model_merged.onnx'] as const;

function invalid(message: string, cause?: unknown): InfernoError {
  return new InfernoError('invalid_model_file', message, {
    ...(cause === undefined ? {} : { cause }),
    remedy: 'Download or export the model folder again; it is not usable as it is.',
  });
}

async function fileSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? found.size : undefined;
}

export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.');
  return where === '' ? `expected ${issue.message}` : `expected ${issue.message} for ${where}`;
}

/** How many faults of one file are named. */
const mostFaults = 5;

/**
 * A JSON file of a model folder, checked; undefined when there is none.
 *
 * @throws InfernoError `invalid_model_file` that names the file and all that is wrong with it.
 */
export async function readFolderJson<Schema extends z.ZodType>(
  directory: string,
  name: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const path = join(directory, name);
  const size = await fileSize(path);
  if (size === undefined) return undefined;
  if (size > mostBytes) throw invalid(`${name} has ${String(size)} bytes, more than any such file needs.`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) throw invalid(`${name} is not valid JSON.`, error);
    throw new InfernoError('file_unreadable', `The file ${path} cannot be read.`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, mostFaults).map(describeIssue);
  throw invalid(`${name} is not what a model folder has: ${faults.join('; ')}.`);
}

/** As text, e.g. of chat_template.jinja; undefined when there is none. */
export async function readFolderText(directory: string, name: string): Promise<string | undefined> {
  const path = join(directory, name);
  const size = await fileSize(path);
  if (size === undefined) return undefined;
  if (size > mostBytes) throw invalid(`${name} has ${String(size)} bytes, more than any such file needs.`);
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new InfernoError('file_unreadable', `The file ${path} cannot be read.`, { cause: error });
  });
}

/** A folder and the graph in it that is meant. */
export interface GraphLocation {
  readonly directory: string;
  readonly graphPath: string;
}

async function graphsIn(directory: string): Promise<string[]> {
  const found = await Promise.all(
    graphFolders.map(async (folder) => {
      const names = await readdir(join(directory, folder)).catch(() => []);
      return names.filter((name) => name.toLowerCase().endsWith('.onnx')).map((name) => join(folder, name));
    }),
  );
  return found.flat().sort();
}

async function firstThatExists(directory: string, names: readonly string[]): Promise<string | undefined> {
  for (const folder of graphFolders) {
    for (const name of names) {
      const path = join(directory, folder, name);
      if ((await fileSize(path)) !== undefined) return path;
    }
  }
  return undefined;
}

async function graphOf(directory: string, variant: string | undefined): Promise<string> {
  const names =
    variant === undefined ? graphNames : graphNames.map((name) => name.replace(/\.onnx$/u, `_${variant}.onnx`));
  const usual = await firstThatExists(directory, names);
  if (usual !== undefined) return usual;
  const graphs = await graphsIn(directory);
  const [only] = graphs;
  if (variant === undefined && only !== undefined && graphs.length === 1) return join(directory, only);
  const there = graphs.length === 0 ? 'It has no .onnx file.' : `It has ${graphs.join(', ')}.`;
  const message = `The model folder has no ${names.join(' or ')}. ${there}`;
  const remedy =
    graphs.length === 0 ? 'Export the model to ONNX into this folder.' : 'Name one of its files as the model.';
  throw new InfernoError('file_not_found', message, { remedy });
}

/**
 * The folder around a graph and the graph itself, from either: `model.onnx` lies in the folder or in its `onnx`.
 *
 * @throws InfernoError `file_not_found`.
 */
export async function locateGraph(path: string, variant: string | undefined): Promise<GraphLocation> {
  const wanted = resolve(path);
  if (await isDirectory(wanted)) return { directory: wanted, graphPath: await graphOf(wanted, variant) };
  if ((await fileSize(wanted)) === undefined) {
    throw new InfernoError('file_not_found', `There is no file or folder ${path}.`);
  }
  const own = dirname(wanted);
  const isInside = basename(own) === 'onnx' && (await fileSize(join(own, 'config.json'))) === undefined;
  return { directory: isInside ? dirname(own) : own, graphPath: wanted };
}

/** Bytes of a graph and of the files beside it that hold its weights. */
export async function graphBytes(graphPath: string): Promise<number> {
  const name = basename(graphPath);
  const names = await readdir(dirname(graphPath)).catch(() => []);
  const parts = names.filter((part) => part === name || part.startsWith(`${name}_data`) || part === `${name}.data`);
  const sizes = await Promise.all(parts.map((part) => fileSize(join(dirname(graphPath), part))));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

/** For messages and lists: where in its folder a graph lies, with forward slashes. */
export function placeInFolder({ directory, graphPath }: GraphLocation): string {
  return relative(directory, graphPath).split(sep).join('/');
}
