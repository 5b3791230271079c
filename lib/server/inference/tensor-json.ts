/** Tensors as the Open Inference Protocol has them in JSON: a flat array or nested ones, in row-major order. */
import type { ElementData } from '../../onnx/element-data.js';
import type { Tensor } from '../../onnx/tensor.js';
import type { Datatype } from './datatypes.js';
import { brainBits, fromBrainBits, fromHalfBits, halfBits } from './half-floats.js';

/** What is wrong with an input, to be said after its name. */
export class TensorFault extends Error {}

const deepest = 64;

/** The elements of nested arrays in a row. */
function flattened(data: unknown, depth = 0): unknown[] {
  if (!Array.isArray(data)) throw new TensorFault('expected an array for data');
  if (!data.some((item) => Array.isArray(item))) return data;
  if (depth >= deepest) throw new TensorFault(`data is nested deeper than ${String(deepest)} levels`);
  const parts = data.map((item) => flattened(item, depth + 1));
  return parts.flat();
}

const ranges: Readonly<Partial<Record<Datatype, readonly [number, number]>>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
};

function faultAt(index: number, what: string, value: unknown): TensorFault {
  const shown = JSON.stringify(value).slice(0, 60);
  return new TensorFault(`expected ${what} for data[${String(index)}] but received ${shown}`);
}

function integers(values: readonly unknown[], datatype: Datatype): number[] {
  const [least, most] = ranges[datatype] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  values.forEach((value, index) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
    throw faultAt(index, `a whole number from ${String(least)} to ${String(most)}`, value);
  });
  return values as number[];
}

/** JSON numbers above 2^53 have lost digits by the time they arrive here: they must come in binary form. */
function longIntegers(values: readonly unknown[], isSigned: boolean): BigInt64Array | BigUint64Array {
  const numbers = integers(values, isSigned ? 'INT64' : 'UINT64');
  const negative = isSigned ? -1 : numbers.findIndex((value) => value < 0);
  if (negative >= 0) throw faultAt(negative, 'a whole number from 0', numbers[negative]);
  return isSigned ? BigInt64Array.from(numbers, BigInt) : BigUint64Array.from(numbers, BigInt);
}

function floats(values: readonly unknown[]): number[] {
  values.forEach((value, index) => {
    if (typeof value !== 'number') throw faultAt(index, 'a number', value);
  });
  return values as number[];
}

function truths(values: readonly unknown[]): Uint8Array {
  return Uint8Array.from(values, (value, index) => {
    if (value === true || value === 1) return 1;
    if (value === false || value === 0) return 0;
    throw faultAt(index, 'true or false', value);
  });
}

function texts(values: readonly unknown[]): string[] {
  values.forEach((value, index) => {
    if (typeof value !== 'string') throw faultAt(index, 'a string', value);
  });
  return values as string[];
}

/** The elements of a tensor. @throws TensorFault */
export function elementsOf(data: unknown, datatype: Datatype): ElementData {
  const values = flattened(data);
  switch (datatype) {
    case 'BOOL':
      return truths(values);
    case 'BYTES':
      return texts(values);
    case 'INT64':
      return longIntegers(values, true);
    case 'UINT64':
      return longIntegers(values, false);
    case 'FP64':
      return Float64Array.from(floats(values));
    case 'FP32':
      return Float32Array.from(floats(values));
    case 'FP16':
      return Uint16Array.from(floats(values), halfBits);
    case 'BF16':
      return Uint16Array.from(floats(values), brainBits);
    case 'UINT8':
      return Uint8Array.from(integers(values, datatype));
    case 'UINT16':
      return Uint16Array.from(integers(values, datatype));
    case 'UINT32':
      return Uint32Array.from(integers(values, datatype));
    case 'INT8':
      return Int8Array.from(integers(values, datatype));
    case 'INT16':
      return Int16Array.from(integers(values, datatype));
    case 'INT32':
      return Int32Array.from(integers(values, datatype));
  }
}

/** JSON knows no NaN and no infinity. */
function numberJson(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

/** Digits that say a 32-bit float exactly. */
function floatJson(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(9))) : 'null';
}

/** The JSON array of a tensor's elements. */
export function dataJson({ type, data }: Tensor): string {
  if (type === 'string') return JSON.stringify(data);
  const values = data as Exclude<ElementData, readonly string[]>;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return `[${values.join(',')}]`;
  const write = {
    bool: (value: number): string => (value === 0 ? 'false' : 'true'),
    float16: (value: number): string => numberJson(fromHalfBits(value)),
    bfloat16: (value: number): string => numberJson(fromBrainBits(value)),
    float32: floatJson,
    float64: numberJson,
  }[type as string];
  return `[${(write === undefined ? Array.from(values, String) : Array.from(values, write)).join(',')}]`;
}
