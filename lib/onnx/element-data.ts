import type { ElementType } from '../native-onnx-types.js';

/** The typed array that carries elements of each type. */
export interface ElementArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly bfloat16: Uint16Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly complex64: Float32Array;
  readonly complex128: Float64Array;
  readonly float8e4m3fn: Uint8Array;
  readonly float8e4m3fnuz: Uint8Array;
  readonly float8e5m2: Uint8Array;
  readonly float8e5m2fnuz: Uint8Array;
  readonly uint4: Uint8Array;
  readonly int4: Uint8Array;
  readonly float4e2m1: Uint8Array;
  readonly string: readonly string[];
}

export type ElementData<T extends ElementType = ElementType> = ElementArrays[T];

type ArrayType = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => NodeJS.TypedArray;

interface ElementLayout {
  readonly array: ArrayType;
  /** Elements of the array for one of the tensor: half a byte for packed types, two floats for complex numbers. */
  readonly perElement: number;
}

/** How elements of each type but strings lie in memory. */
const layouts: Readonly<Record<Exclude<ElementType, 'string'>, ElementLayout>> = {
  float32: { array: Float32Array, perElement: 1 },
  float64: { array: Float64Array, perElement: 1 },
  float16: { array: Uint16Array, perElement: 1 },
  bfloat16: { array: Uint16Array, perElement: 1 },
  int8: { array: Int8Array, perElement: 1 },
  uint8: { array: Uint8Array, perElement: 1 },
  int16: { array: Int16Array, perElement: 1 },
  uint16: { array: Uint16Array, perElement: 1 },
  int32: { array: Int32Array, perElement: 1 },
  uint32: { array: Uint32Array, perElement: 1 },
  int64: { array: BigInt64Array, perElement: 1 },
  uint64: { array: BigUint64Array, perElement: 1 },
  bool: { array: Uint8Array, perElement: 1 },
  complex64: { array: Float32Array, perElement: 2 },
  complex128: { array: Float64Array, perElement: 2 },
  float8e4m3fn: { array: Uint8Array, perElement: 1 },
  float8e4m3fnuz: { array: Uint8Array, perElement: 1 },
  float8e5m2: { array: Uint8Array, perElement: 1 },
  float8e5m2fnuz: { array: Uint8Array, perElement: 1 },
  uint4: { array: Uint8Array, perElement: 0.5 },
  int4: { array: Uint8Array, perElement: 0.5 },
  float4e2m1: { array: Uint8Array, perElement: 0.5 },
};

/** Length that the data of `count` elements has. */
export function dataLength(type: ElementType, count: number): number {
  return type === 'string' ? count : Math.ceil(count * layouts[type].perElement);
}

/** The class of array that carries this type; undefined for strings. */
export function arrayTypeOf(type: ElementType): ArrayType | undefined {
  return type === 'string' ? undefined : layouts[type].array;
}

/** Whether `data` is of the class that carries this type. Bytes do for every type of one byte, halves for those of two. */
export function carries(type: ElementType, data: unknown): data is ElementData {
  if (type === 'string') return Array.isArray(data);
  const { array } = layouts[type];
  if (data instanceof array) return true;
  // Float16Array, which not every Node.js has.
  if (type === 'float16') return Object.prototype.toString.call(data) === '[object Float16Array]';
  return array === Uint8Array && data instanceof Uint8ClampedArray;
}

/** The data of an output over its memory. */
export function dataOver(type: ElementType, memory: ArrayBuffer | readonly string[]): ElementData {
  if (!(memory instanceof ArrayBuffer)) return memory;
  const array = arrayTypeOf(type) ?? Uint8Array;
  return new array(memory) as ElementData;
}
