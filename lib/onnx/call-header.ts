import { elementTypes } from '../native-onnx-types.js';
import type { ElementType, NativeOutputData, NativeTensorData } from '../native-onnx-types.js';
import type { OnnxMap, OnnxValue } from './onnx-value.js';
import { Tensor } from './tensor.js';

/**
 * The numbers of a run, which both sides read and write in one shared array. A call:
 *
 *     inputs, then of each: its index in the graph, value
 *     outputs (-1: all), then of each: its index, value (-1: the run makes it)
 *
 * The answer is a value for each output asked for. A value is one of
 *
 *     type, rank, dimensions…        a tensor
 *     -2, members, then each value   a sequence
 *     -3, 2, keys, values            a map, as two tensors
 *     -4                             nothing
 *
 * The data of the tensors comes beside it, in the same order.
 */

const typeNumbers: ReadonlyMap<ElementType, number> = new Map(elementTypes.map((type, index) => [type, index + 1]));

const runMakesIt = -1;
const sequence = -2;
const map = -3;
const nothing = -4;
const all = -1;

/** Dimensions of one tensor at most. */
const maxRank = 64;
/** For sequences, whose length no graph tells. */
const spareNumbers = 4096;

export function makeHeader(inputs: number, outputs: number): Float64Array {
  return new Float64Array(spareNumbers + (inputs + outputs) * (4 + maxRank));
}

/** Writes calls, one after the other. */
export class HeaderWriter {
  readonly #header: Float64Array;
  #at = 0;
  /** Of the tensors written since `begin`. */
  #data: NativeTensorData[] = [];

  constructor(header: Float64Array) {
    this.#header = header;
  }

  /** The array that the data of the call's tensors is put into. */
  begin(inputs: number): NativeTensorData[] {
    this.#header[0] = inputs;
    this.#at = 1;
    this.#data = [];
    return this.#data;
  }

  index(index: number): void {
    this.#header[this.#at++] = index;
  }

  tensor({ type, dims, data }: Tensor): void {
    const header = this.#header;
    const rank = dims.length;
    if (this.#at + rank + 2 > header.length) throw new RangeError('The tensors of a run have too many dimensions.');
    header[this.#at] = typeNumbers.get(type) ?? 0;
    header[this.#at + 1] = rank;
    this.#at += 2;
    for (let i = 0; i < rank; i++) header[this.#at + i] = dims[i] ?? 0;
    this.#at += rank;
    this.#data.push(data);
  }

  /** REQUIRES: tensors, and sequences of them. */
  value(value: OnnxValue): void {
    if (value instanceof Tensor) {
      this.tensor(value);
      return;
    }
    const members = Array.isArray(value) ? (value as readonly OnnxValue[]) : [];
    this.#header[this.#at] = sequence;
    this.#header[this.#at + 1] = members.length;
    this.#at += 2;
    for (const member of members) this.value(member);
  }

  allOutputs(): void {
    this.#header[this.#at++] = all;
  }

  outputs(count: number): void {
    this.#header[this.#at++] = count;
  }

  /** The run makes this output. */
  made(): void {
    this.#header[this.#at++] = runMakesIt;
  }
}

function elementsOf({ type, data }: Tensor): readonly (string | number | bigint)[] {
  return type === 'string' ? (data as readonly string[]) : Array.from(data as ArrayLike<number | bigint>);
}

/** Reads an answer. */
class HeaderReader {
  readonly #header: Float64Array;
  readonly #data: readonly NativeOutputData[];
  #at = 0;
  #next = 0;

  constructor(header: Float64Array, data: readonly NativeOutputData[]) {
    this.#header = header;
    this.#data = data;
  }

  value(given: Tensor | undefined): OnnxValue {
    const kind = this.#header[this.#at++] ?? nothing;
    if (kind === nothing) return undefined;
    if (kind === sequence || kind === map) {
      const count = this.#header[this.#at++] ?? 0;
      const members = Array.from({ length: count }, () => this.value(undefined));
      return kind === map ? this.#map(members) : members;
    }
    const rank = this.#header[this.#at++] ?? 0;
    const dims: number[] = [];
    for (let i = 0; i < rank; i++) dims.push(this.#header[this.#at++] ?? 0);
    const memory = this.#data[this.#next++];
    if (memory === undefined) return given;
    return Tensor.over(elementTypes[kind - 1] ?? 'uint8', memory, dims);
  }

  #map([keys, values]: readonly OnnxValue[]): OnnxMap {
    if (!(keys instanceof Tensor) || !(values instanceof Tensor)) return new Map();
    const elements = elementsOf(values);
    return new Map(elementsOf(keys).map((key, index) => [key, elements[index] ?? 0]));
  }
}

/** The values of an answer by their names; `given` has the tensors that the caller gave, in the same order. */
export function readOutputs(
  header: Float64Array,
  data: readonly NativeOutputData[],
  names: readonly string[],
  given: readonly Tensor[] | undefined,
): Record<string, OnnxValue> {
  const reader = new HeaderReader(header, data);
  const outputs: Record<string, OnnxValue> = {};
  for (let i = 0; i < names.length; i++) outputs[names[i] ?? ''] = reader.value(given?.[i]);
  return outputs;
}
