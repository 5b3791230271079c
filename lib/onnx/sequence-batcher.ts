import { onAbort } from '../api/abort.js';
import { awaitNative, callNative, expected, fromNative } from '../errors.js';
import type {
  NativeOnnxBatcher,
  NativeOnnxBatcherOptions,
  NativeOnnxBatcherSink,
  NativeOnnxBatcherStatus,
  NativeOnnxSession,
} from '../native-onnx-types.js';
import { tiers } from '../native-types.js';
import type { NativeGenerationProfile, Tier } from '../native-types.js';
import type { NativeStatistics } from '../native-statistics-types.js';

export type BatcherOptions = Partial<NativeOnnxBatcherOptions>;

export interface SequenceOptions {
  /** One for each token, where the graph takes them. */
  readonly typeIds?: Int32Array | undefined;
  readonly priority?: Tier | undefined;
  readonly user?: string | undefined;
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A sequence that has not ended. */
interface Pending {
  readonly ids: Int32Array;
  readonly options: SequenceOptions;
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (error: unknown) => void;
  /** Of the engine; 0: not submitted yet. */
  number: number;
}

const defaults: NativeOnnxBatcherOptions = {
  maxBatch: 32,
  maxTokens: 16_384,
  maxLength: 512,
  maxPadding: 0.25,
  maxWindowMs: 2,
  padId: 0,
  capacity: 4096,
  output: '',
  pooling: 'mean',
  normalize: false,
  dimensions: 0,
};

/** Numbers of one sequence: see NativeOnnxBatcher. */
const submitStride = 4;
const endStride = 3;

/**
 * Token sequences through one graph in batches. What is submitted in one turn of the event loop reaches the engine together,
 * and what ends together comes back with one wake of this thread.
 */
export class SequenceBatcher {
  /** Bytes of the weights that it holds beside those of its session. */
  readonly memoryBytes: number;
  readonly #batcher: NativeOnnxBatcher;
  readonly #pending = new Map<number, Pending>();
  #gathered: Pending[] = [];
  #flush: NodeJS.Immediate | undefined;

  /**
   * With `single`, the same graph with one thread, batches run side by side; it may be closed afterwards.
   *
   * @throws InfernoError `unsupported_model` for graphs over something else, `invalid_argument` for an unknown output.
   */
  constructor(session: NativeOnnxSession, options: BatcherOptions = {}, single?: NativeOnnxSession) {
    const onEnd: NativeOnnxBatcherSink = (numbers, values, errors) => {
      this.#end(numbers, values, errors);
    };
    this.#batcher = callNative(() => session.createBatcher({ ...defaults, ...options }, onEnd, single));
    this.memoryBytes = single === undefined ? 0 : callNative(() => single.memoryBytes());
  }

  /** Tokens of one sequence at most. */
  get maxLength(): number {
    return callNative(() => this.#batcher.maxLength());
  }

  /**
   * The row of one sequence, or with pooling `none` one for each of its tokens, one after the other.
   *
   * @throws InfernoError `context_length_exceeded`, `empty_prompt`, `queue_full`, `deadline_exceeded`, `run_failed`,
   *   `invalid_tensor` for tokens that the graph does not know, `model_unloaded`; `signal.reason` when aborted.
   */
  async submit(ids: Int32Array, options: SequenceOptions = {}): Promise<Float32Array> {
    const { signal, typeIds } = options;
    signal?.throwIfAborted();
    if (typeIds !== undefined && typeIds.length !== ids.length) {
      throw new TypeError(expected('as many numbers as tokens', 'typeIds', typeIds));
    }
    let release: (() => void) | undefined;
    try {
      return await new Promise<Float32Array>((resolve, reject) => {
        const pending: Pending = { ids, options, resolve, reject, number: 0 };
        release =
          signal &&
          onAbort(signal, () => {
            this.#cancel(pending);
          });
        this.#gather(pending);
      });
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    } finally {
      release?.();
    }
  }

  /** What waits and what was done. */
  status(): NativeOnnxBatcherStatus {
    return callNative(() => this.#batcher.status());
  }

  profiles(limit: number): readonly NativeGenerationProfile[] {
    return callNative(() => this.#batcher.profiles(limit));
  }

  statistics(): NativeStatistics {
    return callNative(() => this.#batcher.statistics());
  }

  /** Ends everything that waits or runs. Idempotent. */
  async close(): Promise<void> {
    this.#submitGathered();
    await awaitNative(this.#batcher.close());
  }

  #gather(pending: Pending): void {
    this.#gathered.push(pending);
    this.#flush ??= setImmediate(() => {
      this.#submitGathered();
    });
  }

  #submitGathered(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const sequences = this.#gathered;
    if (sequences.length === 0) return;
    this.#gathered = [];
    try {
      const users = sequences.some(({ options }) => options.user !== undefined)
        ? sequences.map(({ options }) => options.user)
        : undefined;
      const first = this.#batcher.submit(tokensOf(sequences), numbersOf(sequences), users);
      sequences.forEach((pending, index) => {
        pending.number = first + index;
        this.#pending.set(pending.number, pending);
      });
    } catch (error) {
      for (const { reject } of sequences) reject(fromNative(error));
    }
  }

  #cancel(pending: Pending): void {
    if (pending.number > 0) {
      this.#batcher.cancel(pending.number);
      return;
    }
    this.#gathered = this.#gathered.filter((other) => other !== pending);
    pending.reject(pending.options.signal?.reason);
  }

  #end(numbers: Float64Array, values: Float32Array, errors: readonly unknown[]): void {
    let nextError = 0;
    for (let at = 0; at < numbers.length; at += endStride) {
      const number = numbers[at] ?? 0;
      const offset = numbers[at + 1] ?? 0;
      const count = numbers[at + 2] ?? 0;
      const pending = this.#pending.get(number);
      this.#pending.delete(number);
      // A copy, so that one row does not keep all others in memory.
      if (count >= 0) pending?.resolve(values.slice(offset, offset + count));
      else pending?.reject(fromNative(errors[nextError++]));
    }
  }
}

function tokensOf(sequences: readonly Pending[]): Int32Array {
  let length = 0;
  for (const { ids, options } of sequences) length += ids.length + (options.typeIds?.length ?? 0);
  const tokens = new Int32Array(length);
  let at = 0;
  for (const { ids, options } of sequences) {
    tokens.set(ids, at);
    at += ids.length;
    if (options.typeIds === undefined) continue;
    tokens.set(options.typeIds, at);
    at += ids.length;
  }
  return tokens;
}

function numbersOf(sequences: readonly Pending[]): Float64Array {
  const numbers = new Float64Array(sequences.length * submitStride);
  sequences.forEach(({ ids, options }, index) => {
    const at = index * submitStride;
    numbers[at] = ids.length;
    numbers[at + 1] = options.typeIds === undefined ? 0 : 1;
    numbers[at + 2] = tiers.indexOf(options.priority ?? 'normal');
    numbers[at + 3] = options.deadlineMs ?? 0;
  });
  return numbers;
}
