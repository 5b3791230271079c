import { expected } from '../errors.js';
import { elementTypes } from '../native-onnx-types.js';
import type { ElementType } from '../native-onnx-types.js';
import { arrayTypeOf, carries, dataLength, dataOver } from './element-data.js';
import type { ElementData } from './element-data.js';

const knownTypes: ReadonlySet<string> = new Set(elementTypes);

function checkDims(dims: unknown): asserts dims is readonly number[] {
  const isDims = Array.isArray(dims) && dims.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0);
  if (!isDims) throw new TypeError(expected('an array of whole numbers from 0', 'dims', dims));
}

/**
 * Numbers, truth values or texts with a type and dimensions: what an ONNX model takes and gives. A tensor is a view: it
 * copies nothing, and a model reads its memory while it runs.
 *
 * | type | data |
 * |---|---|
 * | `float16`, `bfloat16` | `Uint16Array` of their bits (`Float16Array` is taken, too) |
 * | `int4`, `uint4` | `Uint8Array`, two in a byte, the first one in the lower half |
 * | `bool` | `Uint8Array` of 0 and 1 |
 * | `int64`, `uint64` | `BigInt64Array`, `BigUint64Array` |
 * | `string` | array of strings |
 *
 * @example
 * ```ts
 * const pixels = new Tensor('float32', new Float32Array(3 * 224 * 224), [1, 3, 224, 224]);
 * ```
 */
export class Tensor<T extends ElementType = ElementType> {
  readonly type: T;
  readonly dims: readonly number[];
  readonly data: ElementData<T>;

  /**
   * `dims` may be left out for one dimension.
   *
   * @throws TypeError when data, type and dimensions do not fit together.
   */
  constructor(type: T, data: ElementData<T>, dims?: readonly number[]) {
    if (!knownTypes.has(type)) throw new TypeError(expected(`one of ${elementTypes.join(', ')}`, 'type', type));
    if (!carries(type, data)) {
      throw new TypeError(expected(arrayTypeOf(type)?.name ?? 'an array of strings', 'data', data));
    }
    this.type = type;
    this.data = data;
    if (dims === undefined) {
      this.dims = [data.length / dataLength(type, 1)];
      return;
    }
    checkDims(dims);
    this.dims = dims;
    const count = dims.reduce((product, dim) => product * dim, 1);
    const wanted = dataLength(type, count);
    if (data.length !== wanted) {
      throw new TypeError(
        `Expected data of length ${String(wanted)} for dims [${dims.join(', ')}] but it has ${String(data.length)}.`,
      );
    }
  }

  /** Number of elements. */
  get size(): number {
    return this.dims.reduce((product, dim) => product * dim, 1);
  }

  /** An output over the memory that the engine made for it; known to fit. */
  static over(type: ElementType, memory: ArrayBuffer | readonly string[], dims: readonly number[]): Tensor {
    const tensor = Object.create(Tensor.prototype) as { -readonly [K in 'type' | 'dims' | 'data']: Tensor[K] };
    tensor.type = type;
    tensor.data = dataOver(type, memory);
    tensor.dims = dims;
    return tensor as Tensor;
  }
}
