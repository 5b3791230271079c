import { InfernoError } from '../errors.js';
import type { Work, WorkScheduling } from '../api/work.js';
import type { OnnxFeeds, OnnxModel } from './onnx-model.js';
import type { Pooling } from './model-folder.js';
import { Tensor } from './tensor.js';
import type { EncodedInput } from './tokenizer.js';

/** What comes of one input: the vector of its text, or what a head makes of it. */
export type SequenceRow = Float32Array;

export interface SequenceOutput {
  readonly name: string;
  /** How rows of tokens become one; undefined where the graph gives one row per input. */
  readonly pooling: Pooling | undefined;
}

/** Runs token sequences through an encoder's graph. */
export class SequenceRunner {
  readonly #model: OnnxModel;
  readonly #output: SequenceOutput;
  #running = 0;

  constructor(model: OnnxModel, output: SequenceOutput) {
    this.#model = model;
    this.#output = output;
  }

  /** Sequences that run or wait. */
  get running(): number {
    return this.#running;
  }

  submit(input: EncodedInput, _scheduling: WorkScheduling | undefined): Work<SequenceRow> {
    const abort = new AbortController();
    this.#running++;
    const promise = this.#run(input, abort.signal).finally(() => {
      this.#running--;
    });
    return {
      promise,
      cancel: () => {
        abort.abort(new InfernoError('cancelled', 'It was cancelled.'));
      },
    };
  }

  async #run(input: EncodedInput, signal: AbortSignal): Promise<SequenceRow> {
    const { name, pooling } = this.#output;
    const outputs = await this.#model.run(this.#feeds(input), { outputs: [name], signal });
    const output = outputs[name];
    if (output?.type !== 'float32') throw new InfernoError('unsupported_model', `The output ${name} is not float32.`);
    const data = output.data as Float32Array;
    return pooling === undefined ? data : pooled(data, input.ids.length, pooling);
  }

  #feeds({ ids, typeIds }: EncodedInput): OnnxFeeds {
    const dims = [1, ids.length];
    const feeds: Record<string, Tensor> = {};
    for (const { name, type } of this.#model.inputs) {
      const values =
        name === 'attention_mask'
          ? new Int32Array(ids.length).fill(1)
          : name === 'token_type_ids'
            ? (typeIds ?? new Int32Array(ids.length))
            : ids;
      feeds[name] =
        type === 'int32'
          ? new Tensor('int32', values, dims)
          : new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
    }
    return feeds;
  }
}

function pooled(rows: Float32Array, tokens: number, pooling: Pooling): Float32Array {
  const width = rows.length / tokens;
  if (pooling === 'cls') return rows.slice(0, width);
  if (pooling === 'last') return rows.slice(rows.length - width);
  const mean = new Float32Array(width);
  for (let at = 0; at < rows.length; at++) mean[at % width] = (mean[at % width] ?? 0) + (rows[at] ?? 0) / tokens;
  return mean;
}
