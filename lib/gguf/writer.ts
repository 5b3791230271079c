import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { ByteWriter } from './byte-writer.js';
import type { GgmlType } from './tensor-types.js';
import { tensorBytes, tensorTypes } from './tensor-types.js';
import type { GgufValue } from './value-types.js';

/** A type and a value exactly as another file has them; {@link readGguf} gives these. */
export interface GgufVerbatimValue {
  readonly type: 'verbatim';
  readonly bytes: Uint8Array;
}

/** The whole data, or a function that makes it piece by piece, so that no tensor has to fit into memory. */
export type GgufTensorData = Uint8Array | (() => Iterable<Uint8Array> | AsyncIterable<Uint8Array>);

export interface GgufTensor {
  /** At most 63 bytes in UTF-8, unique in a file. */
  readonly name: string;
  readonly type: GgmlType;
  /** One to four, the length of a row first. */
  readonly dimensions: readonly number[];
  readonly data: GgufTensorData;
}

export interface GgufContent {
  /** Keys are unique. `general.alignment` is written by `alignment`. */
  readonly metadata: Iterable<readonly [key: string, value: GgufValue | GgufVerbatimValue]>;
  readonly tensors?: readonly GgufTensor[];
  /** Bytes, a power of two, at least 8; default 32. */
  readonly alignment?: number;
}

const magic = 0x46554747;
const version = 3;
const defaultAlignment = 32;
const maxNameBytes = 63;
const maxDimensions = 4;
const alignmentKey = 'general.alignment';

function checkAlignment(alignment: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(alignment));
  if (!Number.isInteger(alignment) || alignment < 8 || alignment > 2 ** 20 || !isPowerOfTwo) {
    throw new RangeError(`Expected a power of two from 8 to 2^20 for alignment but received ${String(alignment)}.`);
  }
}

/** Metadata with the alignment, checked for what no reader would accept. */
function metadataOf(content: GgufContent, alignment: number): Map<string, GgufValue | GgufVerbatimValue> {
  const metadata = new Map<string, GgufValue | GgufVerbatimValue>();
  for (const [key, value] of content.metadata) {
    if (key === '') throw new RangeError('Expected a key of at least one character but received "".');
    if (key === alignmentKey) throw new RangeError(`Set alignment instead of the key ${alignmentKey}.`);
    if (metadata.has(key)) throw new RangeError(`Expected unique keys but received ${key} twice.`);
    metadata.set(key, value);
  }
  if (alignment !== defaultAlignment) metadata.set(alignmentKey, { type: 'uint32', value: alignment });
  return metadata;
}

function checkTensor({ name, dimensions }: GgufTensor, seen: Set<string>): void {
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > maxNameBytes) {
    throw new RangeError(`Expected a tensor name of 1 to ${String(maxNameBytes)} bytes but received "${name}".`);
  }
  if (seen.has(name)) throw new RangeError(`Expected unique tensor names but received ${name} twice.`);
  seen.add(name);
  if (dimensions.length < 1 || dimensions.length > maxDimensions) {
    throw new RangeError(`Expected 1 to 4 dimensions for ${name} but received ${String(dimensions.length)}.`);
  }
}

/** Everything before the tensor data, with its padding. */
function encodeHeader(content: GgufContent, alignment: number): Uint8Array {
  const metadata = metadataOf(content, alignment);
  const tensors = content.tensors ?? [];
  const out = new ByteWriter();
  out.uint32(magic);
  out.uint32(version);
  out.uint64(tensors.length);
  out.uint64(metadata.size);
  for (const [key, value] of metadata) {
    out.string(key);
    if (value.type === 'verbatim') out.raw(value.bytes);
    else out.value(value);
  }
  const names = new Set<string>();
  let offset = 0;
  for (const tensor of tensors) {
    checkTensor(tensor, names);
    out.string(tensor.name);
    out.uint32(tensor.dimensions.length);
    for (const dimension of tensor.dimensions) out.uint64(dimension);
    out.uint32(tensorTypes[tensor.type].id);
    out.uint64(offset);
    offset += Math.ceil(tensorBytes(tensor.type, tensor.dimensions) / alignment) * alignment;
  }
  if (tensors.length > 0) out.padTo(alignment);
  return out.bytes;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

async function writeTensor(file: FileHandle, tensor: GgufTensor, alignment: number): Promise<void> {
  const wanted = tensorBytes(tensor.type, tensor.dimensions);
  const pieces = tensor.data instanceof Uint8Array ? [tensor.data] : tensor.data();
  let written = 0;
  for await (const piece of pieces) {
    written += piece.length;
    if (written > wanted) break;
    await writeAll(file, piece);
  }
  if (written !== wanted) {
    const given = written > wanted ? 'more' : `${String(written)} bytes`;
    throw new RangeError(`Expected ${String(wanted)} bytes for tensor ${tensor.name} but received ${given}.`);
  }
  await writeAll(file, new Uint8Array((alignment - (wanted % alignment)) % alignment));
}

/**
 * Writes a GGUF file, version 3, little endian. Memory stays at the header and one piece of a tensor. The file appears
 * under its name only when it is complete.
 *
 * @throws RangeError for content that is no valid GGUF, naming the key or tensor.
 */
export async function writeGguf(path: string, content: GgufContent): Promise<void> {
  const alignment = content.alignment ?? defaultAlignment;
  checkAlignment(alignment);
  const header = encodeHeader(content, alignment);
  const unfinished = `${path}.${String(process.pid)}.tmp`;
  const file = await open(unfinished, 'w');
  try {
    try {
      await writeAll(file, header);
      for (const tensor of content.tensors ?? []) await writeTensor(file, tensor, alignment);
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
