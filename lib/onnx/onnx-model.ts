import { onAbort } from '../api/abort.js';
import { asyncDispose } from '../api/dispose-symbol.js';
import { awaitNative, callNative, expected, fromNative } from '../errors.js';
import type {
  NativeOnnxQueueStatus,
  NativeOnnxSession,
  NativeOnnxValueInfo,
  NativeOutputData,
  NativeTensorData,
  NativeUnknownNames,
} from '../native-onnx-types.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import type { NativeGenerationProfile, Tier } from '../native-types.js';
import { tiers } from '../native-types.js';
import { HeaderWriter, makeHeader, readOutputs } from './call-header.js';
import type { OnnxValue } from './onnx-value.js';
import { Tensor } from './tensor.js';

/** What a graph says about one of its inputs or outputs. */
export type OnnxValueInfo = NativeOnnxValueInfo;

/** The inputs of a run by their names in the graph. */
export type OnnxFeeds = Readonly<Record<string, OnnxValue>>;

/** The names of the outputs that are wanted, or tensors that they are written into. */
export type OnnxWanted = readonly string[] | Readonly<Record<string, Tensor>>;

export interface OnnxRunOptions {
  /** All outputs by default. Tensors save an allocation for each run: the model writes into their memory. */
  readonly outputs?: OnnxWanted | undefined;
  /** Ends the run, also while it computes. */
  readonly signal?: AbortSignal | undefined;
  /** Who goes first when runs wait for each other; `normal` by default. */
  readonly priority?: Tier | undefined;
  /** Runs of one user share a turn with those of others. */
  readonly user?: string | undefined;
  /** Milliseconds from now; a run that is not over then fails with `deadline_exceeded`. */
  readonly deadlineMs?: number | undefined;
}

/** What a call asks for: names in order, and the tensors that outputs are written into. */
interface Wanted {
  readonly names: readonly string[];
  readonly given: readonly Tensor[] | undefined;
}

/** A run that has not ended. */
interface PendingRun {
  readonly wanted: Wanted;
  readonly resolve: (outputs: Record<string, OnnxValue>) => void;
  readonly reject: (error: unknown) => void;
}

/** Any ONNX model: `run()` with the names, shapes and types of its graph. Made by `loadModel('x.onnx')`. */
export class OnnxModel {
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** The model's own key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;

  readonly #session: NativeOnnxSession;
  readonly #header: Float64Array;
  readonly #writer: HeaderWriter;
  readonly #inputIndex: ReadonlyMap<string, number>;
  readonly #outputIndex: ReadonlyMap<string, number>;
  readonly #allOutputs: Wanted;
  readonly #pending = new Map<number, PendingRun>();

  /** Takes over a session that nobody has run yet. */
  constructor(session: NativeOnnxSession) {
    this.#session = session;
    this.inputs = session.inputs();
    this.outputs = session.outputs();
    this.metadata = session.metadata();
    this.#inputIndex = new Map(this.inputs.map(({ name }, index) => [name, index]));
    this.#outputIndex = new Map(this.outputs.map(({ name }, index) => [name, index]));
    this.#allOutputs = { names: this.outputs.map(({ name }) => name), given: undefined };
    this.#header = makeHeader(this.inputs.length, this.outputs.length);
    this.#writer = new HeaderWriter(this.#header);
    session.setSink(this.#header, (run, outputs, error) => {
      this.#end(run, outputs, error);
    });
  }

  /**
   * Runs the graph. The tensors' memory is read while it runs, on another thread: leave it alone until the promise settles.
   * A graph that is known to take less than 50 µs runs at once on this thread when nothing waits.
   *
   * Outputs are tensors; name `OnnxValue` as the type for graphs that give sequences or maps.
   *
   * @throws InfernoError `invalid_tensor` with everything that is wrong with the feeds, `run_failed`, `queue_full`,
   *   `deadline_exceeded`, `model_unloaded`; `signal.reason` when aborted.
   */
  run<Output extends OnnxValue = Tensor>(feeds: OnnxFeeds, options?: OnnxRunOptions): Promise<Record<string, Output>> {
    try {
      options?.signal?.throwIfAborted();
      const wanted = this.#wanted(options?.outputs);
      const result = this.#start(feeds, wanted, options);
      const outputs =
        typeof result === 'number'
          ? this.#wait(result, wanted, options?.signal)
          : Promise.resolve(readOutputs(this.#header, result, wanted.names, wanted.given));
      return outputs as Promise<Record<string, Output>>;
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason of a signal may be anything
      return Promise.reject(fromNative(error));
    }
  }

  /**
   * Like `run`, on this thread, which waits, and past everything that is queued: for graphs that take microseconds.
   *
   * @throws like `run`
   */
  runSync<Output extends OnnxValue = Tensor>(feeds: OnnxFeeds, outputs?: OnnxWanted): Record<string, Output> {
    const wanted = this.#wanted(outputs);
    return callNative(() => {
      const data = this.#write(feeds, wanted);
      const result = this.#session.runSync(data, this.#unknown(feeds, wanted));
      return readOutputs(this.#header, result, wanted.names, wanted.given) as Record<string, Output>;
    });
  }

  /** Bytes of the weights. */
  get memoryBytes(): number {
    return callNative(() => this.#session.memoryBytes());
  }

  /** The last runs that ended, newest first, at most 1,000. */
  profiles(limit = 100): readonly NativeGenerationProfile[] {
    return callNative(() => this.#session.profiles(limit));
  }

  statistics(): NativeStatistics {
    return callNative(() => this.#session.statistics());
  }

  queueStatus(): NativeOnnxQueueStatus {
    return callNative(() => this.#session.queueStatus());
  }

  /** Ends all runs and frees the memory; what was run already keeps its outputs. Idempotent. */
  async close(): Promise<void> {
    await awaitNative(this.#session.close());
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(feeds: OnnxFeeds, wanted: Wanted, options: OnnxRunOptions | undefined): NativeOutputData[] | number {
    const data = this.#write(feeds, wanted);
    const unknown = this.#unknown(feeds, wanted);
    if (options === undefined) return this.#session.run(data, unknown);
    const { priority = 'normal', user, deadlineMs } = options;
    const tier = tiers.indexOf(priority);
    if (tier < 0) throw new TypeError(expected(`one of ${tiers.join(', ')}`, 'priority', priority));
    return this.#session.run(data, unknown, tier, user, deadlineMs);
  }

  #wait(run: number, wanted: Wanted, signal: AbortSignal | undefined): Promise<Record<string, OnnxValue>> {
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.#pending.set(run, { wanted, resolve, reject });
        return;
      }
      const release = onAbort(signal, () => {
        this.#session.cancel(run);
      });
      this.#pending.set(run, {
        wanted,
        resolve: (outputs) => {
          release();
          resolve(outputs);
        },
        reject: (error) => {
          release();
          reject((signal.aborted ? signal.reason : error) as Error);
        },
      });
    });
  }

  #end(run: number, data: readonly NativeOutputData[] | undefined, error: unknown): void {
    const pending = this.#pending.get(run);
    if (pending === undefined) return;
    this.#pending.delete(run);
    if (data === undefined) {
      pending.reject(fromNative(error));
    } else {
      const { names, given } = pending.wanted;
      pending.resolve(readOutputs(this.#header, data, names, given));
    }
  }

  #wanted(outputs: OnnxWanted | undefined): Wanted {
    if (outputs === undefined) return this.#allOutputs;
    if (Array.isArray(outputs)) return { names: outputs as readonly string[], given: undefined };
    const byName = outputs as Readonly<Record<string, Tensor>>;
    return { names: Object.keys(byName), given: Object.values(byName) };
  }

  /** Puts the numbers of a call into the header; the data of its tensors comes back. */
  #write(feeds: OnnxFeeds, wanted: Wanted): NativeTensorData[] {
    const writer = this.#writer;
    const names = Object.keys(feeds).filter((name) => this.#inputIndex.has(name) && feeds[name] !== undefined);
    const data = writer.begin(names.length);
    for (const name of names) {
      const value = feeds[name];
      if (!(value instanceof Tensor) && !Array.isArray(value)) {
        throw new TypeError(expected('a Tensor', `feeds[${JSON.stringify(name)}]`, value));
      }
      writer.index(this.#inputIndex.get(name) ?? 0);
      writer.value(value);
    }
    if (wanted === this.#allOutputs) writer.allOutputs();
    else this.#writeOutputs(wanted);
    return data;
  }

  #writeOutputs({ names, given }: Wanted): void {
    const writer = this.#writer;
    const known = names.filter((name) => this.#outputIndex.has(name));
    writer.outputs(known.length);
    for (const name of known) {
      writer.index(this.#outputIndex.get(name) ?? 0);
      if (given === undefined) {
        writer.made();
        continue;
      }
      const tensor = given[names.indexOf(name)];
      if (!(tensor instanceof Tensor)) throw new TypeError(expected('a Tensor', `outputs.${name}`, tensor));
      writer.tensor(tensor);
    }
  }

  /** Names that the graph does not have, which the addon reports together with every other fault. */
  #unknown(feeds: OnnxFeeds, wanted: Wanted): NativeUnknownNames | undefined {
    let inputs: string[] | undefined;
    for (const name in feeds) {
      if (!this.#inputIndex.has(name)) (inputs ??= []).push(name);
    }
    const outputs = wanted === this.#allOutputs ? [] : wanted.names.filter((name) => !this.#outputIndex.has(name));
    return inputs === undefined && outputs.length === 0 ? undefined : { inputs: inputs ?? [], outputs };
  }
}
