import type { ElementType } from '../../native-onnx-types.js';

/** Names that the Open Inference Protocol has for the types of tensors. BF16 is Triton's. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'BF16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof datatypes)[number];

const elementTypes: Readonly<Record<Datatype, ElementType>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  BF16: 'bfloat16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};

const byElementType: ReadonlyMap<string, Datatype> = new Map(datatypes.map((name) => [elementTypes[name], name]));

export function elementTypeOf(datatype: Datatype): ElementType {
  return elementTypes[datatype];
}

/** Undefined for types that the protocol has no name for, such as int4. */
export function datatypeOf(type: string): Datatype | undefined {
  return byElementType.get(type);
}

/** Bytes of one element; 0 for BYTES, whose elements say their lengths. */
export function elementBytes(datatype: Datatype): number {
  if (datatype === 'BYTES') return 0;
  if (datatype === 'BOOL') return 1;
  return Number(/\d+$/u.exec(datatype)?.[0] ?? 8) / 8;
}
