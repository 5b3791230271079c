/** The number each value type has in a file, and the bytes it takes; 0 when that is not constant. */
export const valueTypes = {
  uint8: { id: 0, bytes: 1 },
  int8: { id: 1, bytes: 1 },
  uint16: { id: 2, bytes: 2 },
  int16: { id: 3, bytes: 2 },
  uint32: { id: 4, bytes: 4 },
  int32: { id: 5, bytes: 4 },
  float32: { id: 6, bytes: 4 },
  bool: { id: 7, bytes: 1 },
  string: { id: 8, bytes: 0 },
  array: { id: 9, bytes: 0 },
  uint64: { id: 10, bytes: 8 },
  int64: { id: 11, bytes: 8 },
  float64: { id: 12, bytes: 8 },
} as const;

export type GgufNumberType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32' | 'float32' | 'float64';
export type GgufBigIntType = 'uint64' | 'int64';
export type GgufItemType = GgufNumberType | GgufBigIntType | 'bool' | 'string';
export type GgufValueType = GgufItemType | 'array';

/** What an item of a type is in JavaScript. Strings are UTF-8 in a file; bytes that are not come and go as they are. */
export type GgufItem<T extends GgufItemType> = T extends GgufNumberType
  ? number
  : T extends GgufBigIntType
    ? bigint
    : T extends 'bool'
      ? boolean
      : string | Uint8Array;

/** One metadata value, with the type it has in the file. llama.cpp reads no arrays of arrays, so there are none here. */
export type GgufValue =
  | { readonly type: GgufNumberType; readonly value: number }
  | { readonly type: GgufBigIntType; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string | Uint8Array }
  | { readonly type: 'array'; readonly itemType: GgufNumberType; readonly value: ArrayLike<number> }
  | { readonly type: 'array'; readonly itemType: GgufBigIntType; readonly value: ArrayLike<bigint> }
  | { readonly type: 'array'; readonly itemType: 'bool'; readonly value: ArrayLike<boolean> }
  | { readonly type: 'array'; readonly itemType: 'string'; readonly value: ArrayLike<string | Uint8Array> };

const namesById = new Map<number, GgufValueType>(
  Object.entries(valueTypes).map(([name, { id }]) => [id, name as GgufValueType]),
);

export function valueTypeOf(id: number): GgufValueType | undefined {
  return namesById.get(id);
}
