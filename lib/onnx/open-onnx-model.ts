import { awaitNative, callNative } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { NativeOnnxOptions, NativeOnnxSession } from '../native-onnx-types.js';
import { unlessAborted } from '../api/abort.js';
import { probeModelFile } from '../api/model-probe.js';
import { OnnxModel } from './onnx-model.js';

export interface OnnxOpenOptions {
  /** Where it computes, in order of preference; the CPU computes what none of them can. */
  readonly providers?: readonly (
    string | { readonly name: string; readonly options?: Readonly<Record<string, string>> }
  )[];
  /** How much ONNX Runtime rewrites the graph; `all` by default. */
  readonly optimization?: NativeOnnxOptions['optimization'];
  /** Threads of this model alone; by default it shares a pool with all others. */
  readonly threads?: number;
  /** Entries of ONNX Runtime's session configuration. */
  readonly config?: Readonly<Record<string, string>>;
  /** Sizes for open dimensions, by name. */
  readonly freeDimensions?: Readonly<Record<string, number>>;
  /**
   * Try a file first in a process of its own, so that one that makes ONNX Runtime crash does not end this one; default true.
   * Files that passed are remembered. Bytes are loaded at once: try them as a file when they are not trusted.
   */
  readonly probe?: boolean;
  readonly signal?: AbortSignal;
}

/** The session itself, for what is built on it. */
export async function openOnnxSession(
  source: string | Uint8Array,
  options: OnnxOpenOptions = {},
): Promise<NativeOnnxSession> {
  const { addon, probeExecutable, libraryDirectory } = nativeAddon();
  const { signal, probe = true } = options;
  signal?.throwIfAborted();
  if (typeof source === 'string' && probe) {
    await probeModelFile(source, {
      probeExecutable,
      libraryDirectory,
      kind: 'onnx',
      ...(signal === undefined ? {} : { signal }),
    });
  }
  const handle = callNative(() =>
    addon.openOnnxSession({
      path: typeof source === 'string' ? source : undefined,
      bytes: typeof source === 'string' ? undefined : source,
      providers: (options.providers ?? []).map((provider) =>
        typeof provider === 'string'
          ? { name: provider, options: {} }
          : { name: provider.name, options: provider.options ?? {} },
      ),
      optimization: options.optimization ?? 'all',
      threads: options.threads ?? 0,
      config: options.config ?? {},
      freeDimensions: options.freeDimensions ?? {},
    }),
  );
  return unlessAborted(awaitNative(handle.promise), signal, () => {
    handle.cancel();
  });
}

/** Opens an ONNX file, or the bytes of one. */
export async function openOnnxModel(source: string | Uint8Array, options: OnnxOpenOptions = {}): Promise<OnnxModel> {
  return new OnnxModel(await openOnnxSession(source, options));
}
