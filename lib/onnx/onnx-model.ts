import { unlessAborted } from '../api/abort.js';
import { asyncDispose } from '../api/dispose-symbol.js';
import { awaitNative, callNative, InfernoError } from '../errors.js';
import type { NativeOnnxSession, NativeOnnxValueInfo, NativeTensorData } from '../native-onnx-types.js';
import { HeaderWriter, makeHeader, readOutputs } from './call-header.js';
import { Tensor } from './tensor.js';

/** What a graph says about one of its inputs or outputs. */
export type OnnxValueInfo = NativeOnnxValueInfo;

/** The inputs of a run by their names in the graph. */
export type OnnxFeeds = Readonly<Record<string, Tensor>>;

export interface OnnxRunOptions {
  /** The names of the outputs that are wanted, or tensors that they are written into; all of them by default. */
  readonly outputs?: readonly string[] | Readonly<Record<string, Tensor>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Outputs by name. */
export type OnnxOutputs = Record<string, Tensor>;

/** The outputs of one call: their names, and the tensors that they are written into. */
interface WantedOutputs {
  readonly names: readonly string[];
  readonly given?: readonly (Tensor | undefined)[] | undefined;
}

/** Any ONNX model: `run()` with the names, shapes and types of its graph. */
export class OnnxModel {
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** The model's own key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;

  readonly #session: NativeOnnxSession;
  readonly #header: Float64Array;
  readonly #writer: HeaderWriter;
  readonly #inputNames: readonly string[];
  readonly #allOutputs: WantedOutputs;

  /** For `loadModel`. */
  constructor(session: NativeOnnxSession) {
    this.#session = session;
    this.inputs = session.inputs();
    this.outputs = session.outputs();
    this.metadata = session.metadata();
    this.#inputNames = this.inputs.map(({ name }) => name);
    this.#allOutputs = { names: this.outputs.map(({ name }) => name) };
    this.#header = makeHeader(this.inputs.length, this.outputs.length);
    this.#writer = new HeaderWriter(this.#header);
    session.setHeader(this.#header);
  }

  /** Bytes of the weights. */
  get memoryBytes(): number {
    return callNative(() => this.#session.memoryBytes());
  }

  /**
   * Runs the graph off this thread. The tensors' memory is read while it runs: leave it alone until the promise settles.
   *
   * @throws InfernoError `invalid_tensor` naming everything that is wrong with the feeds, `run_failed`, `model_unloaded`;
   *   `signal.reason` when aborted.
   */
  async run(feeds: OnnxFeeds, options: OnnxRunOptions = {}): Promise<OnnxOutputs> {
    const { signal } = options;
    signal?.throwIfAborted();
    const wanted = this.#wanted(options.outputs);
    const data = this.#write(feeds, wanted);
    const run = callNative(() => this.#session.run(data));
    const { data: outputs, header } = await unlessAborted(awaitNative(run.promise), signal, () => {
      run.cancel();
    });
    return this.#named(wanted, readOutputs(header, outputs, wanted.given));
  }

  /** Like `run`, on this thread, which waits: for graphs that take microseconds. */
  runSync(feeds: OnnxFeeds, options: Omit<OnnxRunOptions, 'signal'> = {}): OnnxOutputs {
    const wanted = this.#wanted(options.outputs);
    const data = this.#write(feeds, wanted);
    const outputs = callNative(() => this.#session.runSync(data));
    return this.#named(wanted, readOutputs(this.#header, outputs, wanted.given));
  }

  /** Frees the memory once no run is under way. Idempotent. */
  async close(): Promise<void> {
    await awaitNative(this.#session.close());
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #wanted(outputs: OnnxRunOptions['outputs']): WantedOutputs {
    if (outputs === undefined) return this.#allOutputs;
    if (Array.isArray(outputs)) return { names: outputs as readonly string[] };
    const byName = outputs as Readonly<Record<string, Tensor>>;
    const names = Object.keys(byName);
    return { names, given: names.map((name) => byName[name]) };
  }

  /** Puts the numbers of a call into the header; the data of its tensors comes back. */
  #write(feeds: OnnxFeeds, wanted: WantedOutputs): NativeTensorData[] {
    const data: NativeTensorData[] = [];
    const names = Object.keys(feeds);
    this.#writer.begin(names.length);
    for (const name of names) {
      const tensor = feeds[name];
      const index = this.#inputNames.indexOf(name);
      if (index < 0 || !(tensor instanceof Tensor)) {
        throw new InfernoError(
          'invalid_tensor',
          `The model has no input ${name}; it has ${this.#inputNames.join(', ')}.`,
        );
      }
      this.#writer.tensor(index, tensor);
      data.push(tensor.data);
    }
    this.#writeOutputs(wanted, data);
    return data;
  }

  #writeOutputs(wanted: WantedOutputs, data: NativeTensorData[]): void {
    if (wanted === this.#allOutputs) {
      this.#writer.outputs(-1);
      return;
    }
    this.#writer.outputs(wanted.names.length);
    wanted.names.forEach((name, position) => {
      const index = this.#allOutputs.names.indexOf(name);
      if (index < 0) {
        const known = this.#allOutputs.names.join(', ');
        throw new InfernoError('invalid_tensor', `The model has no output ${name}; it has ${known}.`);
      }
      const given = wanted.given?.[position];
      if (given === undefined) {
        this.#writer.output(index);
      } else {
        this.#writer.tensor(index, given);
        data.push(given.data);
      }
    });
  }

  #named({ names }: WantedOutputs, tensors: readonly Tensor[]): OnnxOutputs {
    const outputs: OnnxOutputs = {};
    names.forEach((name, position) => {
      const tensor = tensors[position];
      if (tensor !== undefined) outputs[name] = tensor;
    });
    return outputs;
  }
}
