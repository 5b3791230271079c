/** The functions of the native addon; what they take and give is in the files beside this one, which know nothing of it. */

import type { NativeJournalOptions, NativeOpenedJournal } from './native-journal-types.js';
import type { NativeGgufSummary, NativeLoadOptions } from './native-load-types.js';
import type { NativeOnnxTextHandle, NativeOnnxTextOptions } from './native-onnx-text-types.js';
import type { NativeOnnxAddon } from './native-onnx-types.js';
import type { NativeStatistics } from './native-statistics-types.js';
import type { NativeDevices, NativeLoadHandle, NativeSystemInfo, NativeZstdStream } from './native-types.js';

export interface NativeAddon extends NativeOnnxAddon {
  /** Levels 1 to 22; both sides keep 2^windowLog bytes, 10 to 27. */
  readonly ZstdStream: new (level: number, windowLog: number) => NativeZstdStream;
  /** Statistics that the caller records into; one thread. */
  createStatistics(): NativeStatistics;
  /** Recovers to the last good record of damaged files. Rejects with 'journal_unavailable', e.g. when it is in use. */
  openJournal(options: NativeJournalOptions): Promise<NativeOpenedJournal>;
  /** The directory that holds the addon's own libraries, and those of packages with more backends; idempotent. */
  initialize(libraryDirectory: string, backendDirectories: readonly string[]): void;
  systemInfo(): NativeSystemInfo;
  /** Asks backends and drivers, off the JS thread. */
  devices(): Promise<NativeDevices>;
  /** Reads and checks the whole structure of a GGUF file without loading it. Rejects with 'invalid_model_file' etc. */
  checkGguf(path: string): Promise<NativeGgufSummary>;
  /** `onProgress` gets 0…1 on the JS thread. */
  loadModel(options: NativeLoadOptions, onProgress: ((fraction: number) => void) | undefined): NativeLoadHandle;
  /** Tries the graph out first. Rejects with 'unsupported_model', 'invalid_argument', 'out_of_memory', … */
  createOnnxTextEngine(options: NativeOnnxTextOptions): NativeOnnxTextHandle;
  /** Names accepted by `quantize`, e.g. "Q4_K_M". */
  quantizationTypes(): readonly string[];
  quantize(input: string, output: string, type: string, threads: number): Promise<void>;
}
