import { elementTypes } from '../native-onnx-types.js';
import type { ElementType, NativeOutputData } from '../native-onnx-types.js';
import { Tensor } from './tensor.js';

/**
 * The numbers of a run, which both sides read and write in one shared array. A call:
 *
 *     inputs, then of each: its index in the graph, type, rank, dimensions…
 *     outputs (-1: all), then of each: its index, type (-1: the run makes it), and if it is given: rank, dimensions…
 *
 * The answer, in order of the outputs asked for: type, rank, dimensions…
 */

const typeNumbers: ReadonlyMap<ElementType, number> = new Map(elementTypes.map((type, index) => [type, index + 1]));

/** Dimensions of one tensor at most. */
const maxRank = 64;
const numbersBeforeDims = 3;

export function makeHeader(inputs: number, outputs: number): Float64Array {
  return new Float64Array(2 + (inputs + outputs) * (numbersBeforeDims + maxRank));
}

/** Writes a call. */
export class HeaderWriter {
  readonly #header: Float64Array;
  #at = 0;

  constructor(header: Float64Array) {
    this.#header = header;
  }

  begin(inputs: number): void {
    this.#header[0] = inputs;
    this.#at = 1;
  }

  tensor(index: number, { type, dims }: Tensor): void {
    const header = this.#header;
    if (dims.length > maxRank) throw new RangeError(`A tensor may have at most ${String(maxRank)} dimensions.`);
    header[this.#at] = index;
    header[this.#at + 1] = typeNumbers.get(type) ?? 0;
    header[this.#at + 2] = dims.length;
    this.#at += numbersBeforeDims;
    for (const dim of dims) header[this.#at++] = dim;
  }

  /** -1: all. */
  outputs(count: number): void {
    this.#header[this.#at++] = count;
  }

  /** An output that the run makes. */
  output(index: number): void {
    this.#header[this.#at] = index;
    this.#header[this.#at + 1] = -1;
    this.#at += 2;
  }
}

/** The tensors of an answer; `given` has those whose memory the caller gave. */
export function readOutputs(
  header: Float64Array,
  data: readonly NativeOutputData[],
  given: readonly (Tensor | undefined)[] | undefined,
): Tensor[] {
  const tensors: Tensor[] = [];
  let at = 0;
  for (let i = 0; i < data.length; i++) {
    const type = elementTypes[(header[at] ?? 0) - 1] ?? 'uint8';
    const rank = header[at + 1] ?? 0;
    at += 2;
    const memory = data[i];
    if (memory === undefined) {
      const tensor = given?.[i];
      if (tensor !== undefined) tensors.push(tensor);
    } else {
      const dims: number[] = [];
      for (let d = 0; d < rank; d++) dims.push(header[at + d] ?? 0);
      tensors.push(Tensor.over(type, memory, dims));
    }
    at += rank;
  }
  return tensors;
}
