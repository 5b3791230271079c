import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { inspectModelFile } from '../api/inspect-model-file.js';
import { InfernoError } from '../errors.js';
import { packageRoot } from '../native.js';
import { nearest } from '../nearest.js';

/** What reads a folder brings zod, which only those need who have such folders. */
const folderSummary = async () => import('../onnx/folder-summary.js');

/** Where a model lies, and whether this package vouches for the file. */
export interface ModelLocation {
  readonly path: string;
  readonly isTrusted: boolean;
  readonly format: ModelFormat;
}

/** The kinds of files that models come in; one in ONNX may be a folder. */
export type ModelFormat = 'gguf' | 'onnx';

/** A model that is known by an id, so that nobody has to name its path. */
export interface RegisteredModel {
  readonly id: string;
  readonly path: string;
  readonly description: string;
  readonly format: ModelFormat;
  /** Sum of the elements of all tensors; 0 when it is not known without loading it. */
  readonly parameterCount: number;
  readonly sizeBytes: number;
}

export const emberId = 'ember';
const extensions: Readonly<Record<ModelFormat, string>> = { gguf: '.gguf', onnx: '.onnx' };

/** Where users put GGUF files to name them by id: INFERNO_MODELS_DIR, else `inferno/models` in the user's data folder. */
export function modelsDirectory(): string {
  const { platform, env } = process;
  const chosen = env['INFERNO_MODELS_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const home = homedir();
  const data = {
    win32: env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'),
    darwin: join(home, 'Library', 'Application Support'),
    other: env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'),
  };
  return join(platform === 'win32' || platform === 'darwin' ? data[platform] : data.other, 'inferno', 'models');
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A part of a model in several files that is not its first. */
const laterPart = /-0*(?!0*1-)\d+-of-\d+\.gguf$/iu;

/** What a name in the models directory stands for, if that is a model: a file, or a folder with a graph and its tokenizer. */
async function formatOf(directory: string, entry: Dirent): Promise<ModelFormat | undefined> {
  const name = entry.name.toLowerCase();
  if (name.endsWith(extensions.gguf)) return laterPart.test(name) ? undefined : 'gguf';
  if (name.endsWith(extensions.onnx)) return 'onnx';
  if (entry.isFile()) return undefined;
  const { isModelFolder } = await folderSummary();
  return (await isModelFolder(join(directory, entry.name))) ? 'onnx' : undefined;
}

interface FoundFile {
  readonly name: string;
  readonly format: ModelFormat;
}

/** No folder means no models; it is made by whoever puts the first file there. */
async function modelFilesIn(directory: string): Promise<FoundFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry): Promise<FoundFile[]> => {
      const format = await formatOf(directory, entry);
      return format === undefined ? [] : [{ name: entry.name, format }];
    }),
  );
  return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** "Qwen2.5 0.5B.gguf" → "qwen2.5-0.5b": an id travels in URLs and JSON, and no part of it can lead out of a folder. */
function idOfFile(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/\.(?:gguf|onnx)$/u, '')
    .replace(/[^a-z0-9._-]+/gu, '-')
    .replace(/^\.+/u, '');
  return id === '' ? 'model' : id;
}

/** Ids and what they stand for, Ember first; a file whose id is taken already gets -2, -3, … behind it. */
async function locations(directory: string): Promise<Map<string, ModelLocation>> {
  const found = new Map<string, ModelLocation>();
  const ember = join(packageRoot(), 'models', `${emberId}${extensions.gguf}`);
  if (await isFile(ember)) found.set(emberId, { path: ember, isTrusted: true, format: 'gguf' });
  for (const { name, format } of await modelFilesIn(directory)) {
    const wanted = idOfFile(name);
    let id = wanted;
    for (let copy = 2; found.has(id); copy++) id = `${wanted}-${String(copy)}`;
    found.set(id, { path: join(directory, name), isTrusted: false, format });
  }
  return found;
}

async function describeGguf(id: string, { path, isTrusted }: ModelLocation): Promise<RegisteredModel> {
  const summary = await inspectModelFile(path);
  const name = summary.name === '' ? summary.architecture : summary.name;
  return {
    id,
    path,
    description: isTrusted ? 'the small model built into Inferno' : name,
    format: 'gguf',
    parameterCount: summary.parameterCount,
    sizeBytes: summary.fileSizeBytes,
  };
}

async function describeOnnx(id: string, { path }: ModelLocation): Promise<RegisteredModel> {
  const { describeFolder, onnxBytes } = await folderSummary();
  const sizeBytes = await onnxBytes(path);
  return { id, path, description: await describeFolder(path), format: 'onnx', parameterCount: 0, sizeBytes };
}

/** A damaged file must not hide the others; naming it gives its error. */
async function describe(id: string, location: ModelLocation): Promise<RegisteredModel[]> {
  try {
    return [await (location.format === 'onnx' ? describeOnnx : describeGguf)(id, location)];
  } catch (error) {
    if (InfernoError.isInstance(error) && error.code === 'backend_missing') throw error;
    return [];
  }
}

/** Every usable model known by an id: Ember, then the files of a folder, by default {@link modelsDirectory}. */
export async function listModels(directory = modelsDirectory()): Promise<RegisteredModel[]> {
  const described = [...(await locations(directory))].map(([id, location]) => describe(id, location));
  return (await Promise.all(described)).flat();
}

/**
 * Where the model of that id lies. An id is never taken for a path.
 *
 * @throws InfernoError `model_not_found` that names the nearest id.
 */
export async function resolveModel(id: string, directory = modelsDirectory()): Promise<ModelLocation> {
  const known = await locations(directory);
  const location = known.get(id);
  if (location !== undefined) return location;
  const ids = [...known.keys()];
  const suggestion = nearest(id, ids);
  const hint = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
  const list = ids.length === 0 ? 'There are none here.' : `The ids here are: ${ids.join(', ')}.`;
  throw new InfernoError('model_not_found', `There is no model ${JSON.stringify(id)}.${hint}`, {
    param: 'model',
    remedy: `${list} For a file give its path, such as ./${id.replace(/[^\w.-]+/gu, '-')}.gguf.`,
  });
}
