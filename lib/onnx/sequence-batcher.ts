import type { Work } from '../api/work.js';
import { awaitNative, callNative, expected, fromNative, InfernoError } from '../errors.js';
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
import type { EncodedInput } from './tokenizer.js';

export type BatcherOptions = Partial<NativeOnnxBatcherOptions>;

/** How the sequences of a request share the model with others. */
export interface SequenceOptions {
  readonly priority?: Tier | undefined;
  readonly user?: string;
  readonly deadlineMs?: number;
}

/** Sequences of one request, which end together. */
interface SequenceGroup {
  readonly inputs: readonly EncodedInput[];
  readonly options: SequenceOptions;
  readonly rows: Float32Array[];
  readonly resolve: (rows: Float32Array[]) => void;
  readonly reject: (error: unknown) => void;
  /** The engine's number of the first, behind which those of the others follow; 0: not submitted yet. */
  first: number;
  missing: number;
  isOver: boolean;
}

/** A sequence that has not ended. */
interface Pending {
  readonly group: SequenceGroup;
  readonly index: number;
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
  #gathered: SequenceGroup[] = [];
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
   * A row for each sequence, or with pooling `none` one for each of its tokens, one after the other. When one fails, the
   * others are not computed any more. `typeIds` are as many as tokens.
   *
   * @throws InfernoError The promise rejects with `context_length_exceeded`, `empty_prompt`, `queue_full`,
   *   `deadline_exceeded`, `run_failed`, `invalid_tensor` for tokens that the graph does not know, `model_unloaded`.
   */
  submit(inputs: readonly EncodedInput[], options: SequenceOptions = {}): Work<Float32Array[]> {
    for (const { ids, typeIds } of inputs) {
      if (typeIds !== undefined && typeIds.length !== ids.length) {
        throw new TypeError(expected('as many numbers as tokens', 'typeIds', typeIds));
      }
    }
    if (inputs.length === 0) return { promise: Promise.resolve([]), cancel: () => undefined };
    let group: SequenceGroup | undefined;
    const promise = new Promise<Float32Array[]>((resolve, reject) => {
      const rows: Float32Array[] = [];
      group = { inputs, options, rows, resolve, reject, first: 0, missing: inputs.length, isOver: false };
      this.#gather(group);
    });
    const cancel = (): void => {
      if (group !== undefined) this.#cancel(group);
    };
    return { promise, cancel };
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

  #gather(group: SequenceGroup): void {
    this.#gathered.push(group);
    this.#flush ??= setImmediate(() => {
      this.#submitGathered();
    });
  }

  #submitGathered(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const groups = this.#gathered;
    if (groups.length === 0) return;
    this.#gathered = [];
    try {
      const users = groups.some(({ options }) => options.user !== undefined)
        ? groups.flatMap(({ inputs, options }) => inputs.map(() => options.user))
        : undefined;
      let number = this.#batcher.submit(tokensOf(groups), numbersOf(groups), users);
      for (const group of groups) {
        group.first = number;
        for (let index = 0; index < group.inputs.length; index++) this.#pending.set(number++, { group, index });
      }
    } catch (error) {
      for (const { reject } of groups) reject(fromNative(error));
    }
  }

  #cancel(group: SequenceGroup): void {
    if (group.isOver) return;
    if (group.first > 0) {
      // Each ends when the engine says so; the first to end as cancelled ends all.
      this.#cancelRest(group);
      return;
    }
    group.isOver = true;
    this.#gathered = this.#gathered.filter((other) => other !== group);
    group.reject(new InfernoError('cancelled', 'The sequences were cancelled.'));
  }

  #cancelRest({ first, inputs }: SequenceGroup): void {
    for (let number = first; number < first + inputs.length; number++) {
      if (this.#pending.has(number)) this.#batcher.cancel(number);
    }
  }

  #end(numbers: Float64Array, values: Float32Array, errors: readonly unknown[]): void {
    let nextError = 0;
    for (let at = 0; at < numbers.length; at += endStride) {
      const number = numbers[at] ?? 0;
      const offset = numbers[at + 1] ?? 0;
      const count = numbers[at + 2] ?? 0;
      const error = count < 0 ? errors[nextError++] : undefined;
      const pending = this.#pending.get(number);
      if (pending === undefined) continue;
      this.#pending.delete(number);
      // A copy, so that one row does not keep all others in memory.
      if (count >= 0) this.#succeed(pending, values.slice(offset, offset + count));
      else this.#fail(pending.group, fromNative(error));
    }
  }

  #succeed({ group, index }: Pending, row: Float32Array): void {
    group.rows[index] = row;
    if (--group.missing > 0 || group.isOver) return;
    group.isOver = true;
    group.resolve(group.rows);
  }

  /** One that fails is the answer: the others are not worth computing. */
  #fail(group: SequenceGroup, error: unknown): void {
    if (group.isOver) return;
    group.isOver = true;
    group.reject(error);
    this.#cancelRest(group);
  }
}

function tokensOf(groups: readonly SequenceGroup[]): Int32Array {
  let length = 0;
  for (const { inputs } of groups) {
    for (const { ids, typeIds } of inputs) length += ids.length + (typeIds?.length ?? 0);
  }
  const tokens = new Int32Array(length);
  let at = 0;
  for (const { inputs } of groups) {
    for (const { ids, typeIds } of inputs) {
      tokens.set(ids, at);
      at += ids.length;
      if (typeIds === undefined) continue;
      tokens.set(typeIds, at);
      at += ids.length;
    }
  }
  return tokens;
}

function numbersOf(groups: readonly SequenceGroup[]): Float64Array {
  const count = groups.reduce((sum, { inputs }) => sum + inputs.length, 0);
  const numbers = new Float64Array(count * submitStride);
  let at = 0;
  for (const { inputs, options } of groups) {
    const tier = tiers.indexOf(options.priority ?? 'normal');
    for (const { ids, typeIds } of inputs) {
      numbers[at] = ids.length;
      numbers[at + 1] = typeIds === undefined ? 0 : 1;
      numbers[at + 2] = tier;
      numbers[at + 3] = options.deadlineMs ?? 0;
      at += submitStride;
    }
  }
  return numbers;
}
