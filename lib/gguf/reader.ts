import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { numberAccessors } from './number-accessors.js';
import type { GgmlType } from './tensor-types.js';
import { tensorTypeOf } from './tensor-types.js';
import type { GgufItemType, GgufValue } from './value-types.js';
import { valueTypeOf, valueTypes } from './value-types.js';
import type { GgufVerbatimValue } from './writer.js';

/** A metadata value of a file that was read. */
export interface GgufMetadataEntry {
  /** Decoded at each call: vocabularies are large and most readers only copy them. */
  decode(): GgufValue;
  /** For {@link writeGguf}. */
  readonly verbatim: GgufVerbatimValue;
}

export interface GgufTensorInfo {
  readonly name: string;
  readonly type: GgmlType;
  /** The length of a row first. */
  readonly dimensions: readonly number[];
  /** From the beginning of the file, bytes. */
  readonly offset: number;
}

export interface GgufFile {
  readonly version: number;
  readonly alignment: number;
  readonly metadata: ReadonlyMap<string, GgufMetadataEntry>;
  readonly tensors: readonly GgufTensorInfo[];
}

const magic = 0x46554747;
const defaultAlignment = 32;
const firstRead = 1 << 20;
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The header goes on behind the bytes that were read. */
class NeedsMoreBytes extends Error {}

class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Skips `size` bytes and returns where they begin. */
  skip(size: number): number {
    const start = this.position;
    if (size > this.#bytes.length - start) throw new NeedsMoreBytes();
    this.position += size;
    return start;
  }

  slice(start: number): Uint8Array {
    return this.#bytes.slice(start, this.position);
  }

  uint32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.skip(8), true);
  }

  /** A count or length: what does not fit into a double is in no file that exists. */
  size(): number {
    const value = Number(this.uint64());
    if (!Number.isSafeInteger(value)) throw new RangeError(`The GGUF file has a length of ${String(value)}.`);
    return value;
  }

  string(): string | Uint8Array {
    const start = this.skip(this.size());
    const bytes = this.slice(start);
    try {
      return strictDecoder.decode(bytes);
    } catch {
      return bytes;
    }
  }

  skipItem(type: GgufItemType): void {
    this.skip(type === 'string' ? this.size() : valueTypes[type].bytes);
  }

  item(type: GgufItemType): number | bigint | boolean | string | Uint8Array {
    if (type === 'string') return this.string();
    if (type === 'uint64') return this.uint64();
    if (type === 'int64') return BigInt.asIntN(64, this.uint64());
    if (type === 'bool') return this.#view.getUint8(this.skip(1)) !== 0;
    const [, get] = numberAccessors(type);
    return get(this.#view, this.skip(valueTypes[type].bytes));
  }
}

function readItemType(reader: ByteReader, key: string): GgufItemType {
  const id = reader.uint32();
  const type = valueTypeOf(id);
  if (type === undefined || type === 'array') {
    throw new RangeError(`The GGUF file has a value type of ${String(id)} in ${key}.`);
  }
  return type;
}

function skipValue(reader: ByteReader, key: string): void {
  const start = reader.position;
  if (valueTypeOf(reader.uint32()) !== 'array') {
    reader.position = start;
    reader.skipItem(readItemType(reader, key));
    return;
  }
  const itemType = readItemType(reader, key);
  const count = reader.size();
  if (itemType !== 'string') reader.skip(count * valueTypes[itemType].bytes);
  else for (let index = 0; index < count; index++) reader.skipItem(itemType);
}

function decodeValue(bytes: Uint8Array, key: string): GgufValue {
  const reader = new ByteReader(bytes);
  const type = valueTypeOf(reader.uint32());
  if (type === 'array') {
    const itemType = readItemType(reader, key);
    const value = Array.from({ length: reader.size() }, () => reader.item(itemType));
    return { type, itemType, value } as GgufValue;
  }
  reader.position = 0;
  const itemType = readItemType(reader, key);
  return { type: itemType, value: reader.item(itemType) } as GgufValue;
}

function readEntry(reader: ByteReader, key: string): GgufMetadataEntry {
  const start = reader.position;
  skipValue(reader, key);
  const bytes = reader.slice(start);
  return { decode: () => decodeValue(bytes, key), verbatim: { type: 'verbatim', bytes } };
}

function text(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
}

function readTensorInfo(reader: ByteReader): GgufTensorInfo {
  const name = text(reader.string());
  const count = reader.uint32();
  if (count > 4) throw new RangeError(`The GGUF file has ${String(count)} dimensions for ${name}.`);
  const dimensions = Array.from({ length: count }, () => reader.size());
  const id = reader.uint32();
  const type = tensorTypeOf(id);
  if (type === undefined) throw new RangeError(`The GGUF file has a tensor type of ${String(id)} for ${name}.`);
  return { name, type, dimensions, offset: reader.size() };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufMetadataEntry>): number {
  const entry = metadata.get('general.alignment')?.decode();
  return entry?.type === 'uint32' ? entry.value : defaultAlignment;
}

function parse(bytes: Uint8Array): GgufFile {
  const reader = new ByteReader(bytes);
  if (reader.uint32() !== magic) throw new RangeError('The file does not begin with the letters GGUF.');
  const version = reader.uint32();
  if (version !== 2 && version !== 3) throw new RangeError(`The GGUF file has version ${String(version)}.`);
  const tensorCount = reader.size();
  const metadataCount = reader.size();
  const metadata = new Map<string, GgufMetadataEntry>();
  for (let index = 0; index < metadataCount; index++) {
    const key = text(reader.string());
    metadata.set(key, readEntry(reader, key));
  }
  const tensors: GgufTensorInfo[] = [];
  for (let index = 0; index < tensorCount; index++) tensors.push(readTensorInfo(reader));
  const alignment = alignmentOf(metadata);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  return {
    version,
    alignment,
    metadata,
    tensors: tensors.map((tensor) => ({ ...tensor, offset: tensor.offset + dataStart })),
  };
}

async function readStart(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/**
 * Reads the metadata and the tensor descriptions of a file this project wrote or ships. Files from elsewhere go through
 * the native check first (`inspectModelFile`), which is built for hostile ones.
 *
 * @throws RangeError when the file is no GGUF file or is cut short.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    // A header tells its length only by being read, so it is parsed again with twice the bytes until it is whole.
    for (let length = firstRead; ; length *= 2) {
      const bytes = await readStart(file, Math.min(length, size));
      try {
        return parse(bytes);
      } catch (error) {
        if (!(error instanceof NeedsMoreBytes)) throw error;
        if (length >= size) throw new RangeError('The GGUF file ends inside its header.', { cause: error });
      }
    }
  } finally {
    await file.close();
  }
}
