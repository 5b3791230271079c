/** What a benchmark runs against: a model in this process, or a server somewhere. */
import type { BenchModelInfo } from '../bench-result.js';
import type { Transport } from '../load/transport.js';
import type { Calibration } from './bench-prompts.js';

/** Bytes at one moment; left out is what the target does not tell. */
export interface MemoryReading {
  readonly rss?: number;
  readonly js_heap?: number;
  readonly model_memory?: number;
}

/** Ready to answer, for one run of every scenario. */
export interface OpenTarget {
  /** A new one for each load, which closes it. */
  transport(): Transport;
  readonly model: BenchModelInfo;
  /** Undefined for a server that was running before. */
  readonly loadMs: number | undefined;
  readonly calibration: Calibration;
  /** It computes in the process that measures. */
  readonly isInProcess: boolean;
  readMemory(): Promise<MemoryReading>;
  close(): Promise<void>;
}

export interface BenchTarget {
  /** `inferno`, or `server`. */
  readonly side: string;
  /** Of llama.cpp and of its backend, if they run here. */
  software(): Promise<{ readonly llamaCpp?: string; readonly backend?: string }>;
  open(signal: AbortSignal): Promise<OpenTarget>;
}
