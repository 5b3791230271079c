/** A decoder graph run by hand, one sequence: what a text engine is held against. */
import { fromFloat16 } from '../../fixtures/half-floats.js';
import type { OnnxModel } from '../../lib/onnx/onnx-model.js';
import { Tensor } from '../../lib/onnx/tensor.js';

function whole(numbers: readonly number[]): Tensor<'int64'> {
  return new Tensor('int64', BigInt64Array.from(numbers, BigInt), [1, numbers.length]);
}

function asFloats(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  return Float32Array.from(tensor.data as Uint16Array, fromFloat16);
}

export class DecoderRun {
  readonly #model: OnnxModel;
  #past: Record<string, Tensor> = {};
  #length = 0;

  constructor(model: OnnxModel) {
    this.#model = model;
    for (const { name, type, dims } of model.inputs.filter(({ name }) => name.startsWith('past_key_values.'))) {
      const [, heads, , size] = dims;
      if (typeof heads !== 'number' || typeof size !== 'number') throw new RangeError(`${name} has no heads.`);
      this.#past[name] = type === 'float16' ? emptyHalves(heads, size) : emptyFloats(heads, size);
    }
  }

  /** The logits behind each of these tokens. */
  async logits(tokens: readonly number[]): Promise<Float32Array[]> {
    const start = this.#length;
    this.#length += tokens.length;
    const inputs: Record<string, Tensor> = {
      input_ids: whole(tokens),
      attention_mask: whole(new Array<number>(this.#length).fill(1)),
      position_ids: whole(tokens.map((_, index) => start + index)),
    };
    const known = this.#model.inputs.flatMap(({ name }) => {
      const tensor = inputs[name];
      return tensor === undefined ? [] : [[name, tensor] as const];
    });
    const outputs = await this.#model.run({ ...Object.fromEntries(known), ...this.#past });
    for (const name of Object.keys(this.#past)) {
      const present = outputs[name.replace('past_key_values', 'present')];
      if (present === undefined) throw new RangeError(`The graph gives nothing for ${name}.`);
      this.#past[name] = present;
    }
    const { logits } = outputs;
    if (logits === undefined) throw new RangeError('The graph gives no logits.');
    const vocabulary = logits.dims.at(-1) ?? 0;
    const values = asFloats(logits);
    return tokens.map((_, index) => values.subarray(index * vocabulary, (index + 1) * vocabulary));
  }
}

function emptyFloats(heads: number, size: number): Tensor {
  return new Tensor('float32', new Float32Array(), [1, heads, 0, size]);
}

function emptyHalves(heads: number, size: number): Tensor {
  return new Tensor('float16', new Uint16Array(), [1, heads, 0, size]);
}

export function likeliest(logits: Float32Array): number {
  return logits.reduce((best, value, id) => (value > (logits[best] ?? -Infinity) ? id : best), 0);
}

/** Natural logarithms of the probabilities. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
  return Float64Array.from(logits, (value) => value - most - Math.log(sum));
}
