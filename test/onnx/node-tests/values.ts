/** Tensors as both engines and ONNX's test files can be read: a type, dimensions, and elements that can be compared. */
import { fromBfloat16, fromFloat16 } from '../../../fixtures/half-floats.js';
import { elementTypeOf, elementTypes, type GraphElementType } from '../../../fixtures/onnx/element-types.js';
import type { TensorMessage } from '../../../fixtures/onnx/messages.js';

export type Elements = readonly (number | bigint | string)[];

export interface NodeTensor {
  readonly type: GraphElementType;
  readonly dims: readonly number[];
  /** As both engines take them: 16-bit floats as bits, bool as bytes. */
  readonly data: NodeJS.TypedArray | readonly string[];
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const;

function isArrayType(type: GraphElementType): type is keyof typeof arrays {
  return type in arrays;
}

function fromFields(type: GraphElementType, message: TensorMessage): NodeJS.TypedArray {
  if (!isArrayType(type)) throw new RangeError(`${type} elements are not read.`);
  const { float_data = [], int32_data = [], int64_data = [], double_data = [], uint64_data = [] } = message;
  if (type === 'int64') return BigInt64Array.from(int64_data, BigInt);
  if (type === 'uint64') return BigUint64Array.from(uint64_data, BigInt);
  if (type === 'uint32') return Uint32Array.from(uint64_data, Number);
  if (type === 'float64') return Float64Array.from(double_data);
  return arrays[type].from(type === 'float32' ? float_data : int32_data);
}

export function tensorOf(message: TensorMessage): NodeTensor {
  const type = elementTypeOf(message.data_type);
  if (type === undefined) throw new RangeError(`There is no element type ${String(message.data_type)}.`);
  const { dims, raw_data = new Uint8Array(), string_data = [] } = message;
  if (type === 'string') return { type, dims, data: string_data.map((text) => Buffer.from(text).toString()) };
  if (raw_data.length === 0) return { type, dims, data: fromFields(type, message) };
  if (!isArrayType(type)) throw new RangeError(`${type} elements are not read.`);
  // The bytes of a message need not lie at a multiple of the element's size.
  const { buffer } = Uint8Array.from(raw_data);
  return { type, dims, data: new arrays[type](buffer) };
}

function elementsOf({ type, data }: NodeTensor): Elements {
  const elements = Array.from(data as ArrayLike<number | bigint | string>);
  if (type !== 'float16' && type !== 'bfloat16') return elements;
  const decode = type === 'float16' ? fromFloat16 : fromBfloat16;
  return elements.map((bits) => (typeof bits === 'number' ? decode(bits) : bits));
}

/** The tolerance of ONNX's own runner. */
const relative = 1e-3;
const absolute = 1e-7;

function isClose(actual: number | bigint | string, expected: number | bigint | string): boolean {
  if (typeof actual !== 'number' || typeof expected !== 'number') return actual === expected;
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
}

/** What differs; undefined when nothing does. */
export function difference(actual: NodeTensor, expected: NodeTensor): string | undefined {
  if (actual.type !== expected.type) return `it is ${actual.type}, not ${expected.type}`;
  if (actual.dims.join() !== expected.dims.join()) {
    return `it has the shape [${actual.dims.join()}], not [${expected.dims.join()}]`;
  }
  const got = elementsOf(actual);
  const wanted = elementsOf(expected);
  const at = wanted.findIndex((element, index) => !isClose(got[index] ?? '', element));
  if (at < 0 && got.length === wanted.length) return undefined;
  return `element ${String(at)} is ${String(got[at])}, not ${String(wanted[at])}`;
}

export function isElementType(type: string): type is GraphElementType {
  return type in elementTypes;
}
