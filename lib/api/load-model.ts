import { fileURLToPath } from 'node:url';
import { awaitNative, callNative, expected, InfernoError } from '../errors.js';
import { resolveModel } from '../models/registry.js';
import type { ModelLocation } from '../models/registry.js';
import { nativeAddon } from '../native.js';
import type { LoadedAddon } from '../native.js';
import type { NativeModel } from '../native-types.js';
import type { OnnxModel } from '../onnx/onnx-model.js';
import { openOnnxModel } from '../onnx/open-onnx-model.js';
import type { OnnxOpenOptions } from '../onnx/open-onnx-model.js';
import { onAbort } from './abort.js';
import { probeModelFile } from './model-probe.js';
import { Model } from './model.js';
import { ReplicaSet } from './replica-set.js';
import { readLoadOptions } from './load-options.js';
import type { CheckedLoadOptions } from './load-options.js';
import type { LoadModelOptions } from './types.js';

/** Names a graph and not a GGUF model. */
type OnnxPath = `${string}.onnx`;

function isOnnxPath(path: unknown): path is OnnxPath {
  return typeof path === 'string' && path.toLowerCase().endsWith('.onnx');
}

/** What has a separator or ends in .gguf is a path and everything else an id: the files around must not decide. */
async function locate(pathOrId: unknown): Promise<ModelLocation> {
  if (pathOrId instanceof URL) return { path: fileURLToPath(pathOrId), isTrusted: false, format: 'gguf' };
  if (typeof pathOrId !== 'string' || pathOrId === '') {
    throw new TypeError(expected('a path, a file URL or a model id', 'pathOrId', pathOrId));
  }
  const isPath = /[\\/]/u.test(pathOrId) || pathOrId.toLowerCase().endsWith('.gguf');
  if (isPath) return { path: pathOrId, isTrusted: false, format: 'gguf' };
  const found = await resolveModel(pathOrId);
  if (found.format === 'gguf') return found;
  throw new InfernoError('unsupported_model', `The model ${pathOrId} is in ONNX.`, {
    remedy: `Load it with loadOnnxModel('${pathOrId}').`,
  });
}

/** A path that llama.cpp would abort on fails here, in our own check or in a process that may die of it. */
async function checkFile(
  { path, isTrusted }: Omit<ModelLocation, 'format'>,
  loaded: LoadedAddon,
  options: CheckedLoadOptions,
): Promise<void> {
  const { signal } = options;
  await awaitNative(loaded.addon.checkGguf(path));
  signal?.throwIfAborted();
  if (isTrusted || !options.probe) return;
  const { probeExecutable, libraryDirectory } = loaded;
  await probeModelFile(path, { probeExecutable, libraryDirectory, ...(signal === undefined ? {} : { signal }) });
}

/** Loads with progress. A callback that throws ends the loading, and loading rejects with what it threw. */
async function loadNative(path: string, { addon }: LoadedAddon, options: CheckedLoadOptions): Promise<NativeModel> {
  const { settings, onProgress, signal } = options;
  const callback = { hasThrown: false, error: undefined as unknown };
  let reported = 0;
  const report = (fraction: number): void => {
    if (callback.hasThrown || fraction <= reported) return;
    reported = fraction;
    try {
      onProgress?.(fraction);
    } catch (error) {
      callback.hasThrown = true;
      callback.error = error;
      handle.cancel();
    }
  };
  const isEnded = (): boolean => callback.hasThrown || signal?.aborted === true;
  const handle = callNative(() => addon.loadModel({ path, ...settings }, onProgress && report));
  const cancel = (): void => {
    handle.cancel();
  };
  const release = signal && onAbort(signal, cancel);
  try {
    const model = await awaitNative(handle.promise);
    // Steps between two wakes of this thread are merged; the last one must not get lost in that.
    report(1);
    if (!isEnded()) return model;
    // The callback or the signal spoke after the engine had looked for the last time.
    await model.unload();
  } catch (error) {
    if (!isEnded()) throw error;
  } finally {
    release?.();
  }
  throw callback.hasThrown ? callback.error : signal?.reason;
}

/** More engines over the weights of the first; all or none. */
async function replicasOf(
  first: NativeModel,
  { settings, replicas, signal }: CheckedLoadOptions,
): Promise<NativeModel[]> {
  const made: NativeModel[] = [];
  try {
    while (made.length + 1 < replicas) {
      signal?.throwIfAborted();
      made.push(await awaitNative(callNative(() => first.replicate(settings)).promise));
    }
    signal?.throwIfAborted();
    return made;
  } catch (error) {
    await Promise.all([first, ...made].map((native) => awaitNative(native.unload())));
    throw error;
  }
}

/**
 * Loads a GGUF model, or a graph from a path that ends in `.onnx`, whose `run` takes and gives tensors; `loadOnnxModel` loads
 * one with its tokenizer.
 *
 * A GGUF model is loaded from a path, a file URL, or by an id: `'ember'` is built in, and every `NAME.gguf` in the models
 * directory is known as `name`. A path has a separator or ends in `.gguf`; write `./name` for any other file.
 *
 * The structure of the file is checked first, and an unknown file is loaded once in a throwaway process, so that a damaged
 * or hostile one gives an error and never ends this process.
 *
 * @example
 * ```ts
 * await using model = await loadModel('ember');
 * console.log(await model.chat([{ role: 'user', content: 'Hello!' }]));
 * ```
 * @throws InfernoError `file_not_found`, `file_unreadable`, `invalid_model_file`, `unsupported_model`, `out_of_memory`,
 *   `model_not_found`, `backend_missing`; `signal.reason` when aborted; TypeError or RangeError, naming every option that is
 *   wrong.
 */
export async function loadModel(path: OnnxPath, options?: OnnxOpenOptions): Promise<OnnxModel>;
export async function loadModel(pathOrId: string | URL, options?: LoadModelOptions): Promise<Model>;
export async function loadModel(
  pathOrId: string | URL,
  options?: LoadModelOptions | OnnxOpenOptions,
): Promise<Model | OnnxModel> {
  if (isOnnxPath(pathOrId)) return openOnnxModel(pathOrId, options as OnnxOpenOptions | undefined);
  return loadGguf(pathOrId, options);
}

async function loadGguf(pathOrId: string | URL, options: LoadModelOptions | undefined): Promise<Model> {
  const checked = readLoadOptions(options);
  checked.signal?.throwIfAborted();
  const location = await locate(pathOrId);
  const loaded = nativeAddon();
  await checkFile(location, loaded, checked);
  const { draftModelPath } = checked.settings.speculation;
  if (draftModelPath !== '') await checkFile({ path: draftModelPath, isTrusted: false }, loaded, checked);
  checked.signal?.throwIfAborted();
  const first = await loadNative(location.path, loaded, checked);
  return new Model(new ReplicaSet([first, ...(await replicasOf(first, checked))], checked.balancing));
}
