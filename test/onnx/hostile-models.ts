/** Small sound models, and what is done to them. */
import { castModel } from '../../fixtures/onnx/small-graphs.js';
import * as graphs from '../../fixtures/onnx/small-graphs.js';
import { encoderModel } from '../../fixtures/onnx/encoder.js';
import type { GraphElementType } from '../../fixtures/onnx/element-types.js';
import type { SeededRandom } from '../../lib/bench/seeded-random.js';
import type { OnnxModel, OnnxValueInfo } from '../../lib/onnx/onnx-model.js';
import type { OnnxValue } from '../../lib/onnx/onnx-value.js';
import { Tensor } from '../../lib/onnx/tensor.js';

const tinyEncoder = { layers: 1, width: 8, heads: 2, feedForward: 8, vocabulary: 16, positions: 8, seed: 1 };

export const soundModels: Readonly<Record<string, Uint8Array>> = {
  add: graphs.addModel(),
  'add with a default': graphs.addWithDefaultModel(),
  'add of fixed size': graphs.addModel([2, 3]),
  cast: castModel('float32', 'int64'),
  strings: graphs.stringsModel(),
  sequence: graphs.sequenceModel(),
  loop: graphs.slowModel(4),
  fill: graphs.fillModel(),
  gather: graphs.gatherModel(),
  sum: graphs.sumModel(),
  'int4 to float32': graphs.dequantizeModel(),
  'identity of bool': graphs.identityModel('bool'),
  encoder: encoderModel(tinyEncoder, { kind: 'labels', count: 2 }),
};

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

type Plain = keyof typeof arrays;
const plainTypes = Object.keys(arrays) as Plain[];

function isPlain(type: string): type is Plain {
  return type in arrays;
}

/** Zeros, so that no shape, index or number of rounds that a mutation made an input of asks for much. */
function zeros(type: GraphElementType | 'undefined', dims: readonly number[]): Tensor | undefined {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'string') return new Tensor('string', new Array<string>(count).fill(''), dims);
  if (type === 'int4') return new Tensor('int4', new Uint8Array(Math.ceil(count / 2)), dims);
  return isPlain(type) ? new Tensor(type, new arrays[type](count), dims) : undefined;
}

/** What a reader of the graph would feed; undefined for types and sizes that are not worth trying. */
function fitting({ type, dims, kind }: OnnxValueInfo): Tensor | undefined {
  const sizes = dims.map((dim) => (typeof dim === 'number' ? dim : 2));
  if (kind !== 'tensor' || sizes.some((size) => size > 64)) return undefined;
  return zeros(type, sizes);
}

export type Feeds = Record<string, OnnxValue>;

export function fittingFeeds(model: OnnxModel): Feeds | undefined {
  const feeds: Feeds = {};
  for (const input of model.inputs) {
    const tensor = fitting(input);
    if (tensor === undefined) return undefined;
    feeds[input.name] = tensor;
  }
  return feeds;
}

/** One thing wrong, or several, or by chance nothing. */
export function spoil(feeds: Feeds, random: SeededRandom): Feeds {
  const spoiled: Feeds = {};
  for (const [name, value] of Object.entries(feeds)) {
    const chance = random.integer(0, 7);
    if (chance === 0) continue;
    const key = chance === 1 ? `${name}x` : name;
    const type = chance === 2 ? (plainTypes[random.integer(0, plainTypes.length - 1)] ?? 'float32') : undefined;
    const dims = chance === 3 ? Array.from({ length: random.integer(0, 5) }, () => random.integer(0, 3)) : undefined;
    if (value instanceof Tensor && (type !== undefined || dims !== undefined)) {
      spoiled[key] = zeros(type ?? value.type, dims ?? value.dims);
    } else {
      spoiled[key] = chance === 4 && value instanceof Tensor ? [value, value] : value;
    }
  }
  return spoiled;
}
