import { numberAccessors } from './number-accessors.js';
import type { GgufItemType, GgufValue } from './value-types.js';
import { valueTypes } from './value-types.js';

const encoder = new TextEncoder();
const firstCapacity = 1 << 16;

/** Little-endian bytes in a buffer that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(firstCapacity);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes so far; valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room and returns where it begins. */
  #reserve(size: number): number {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  raw(bytes: Uint8Array): void {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
  }

  uint32(value: number): void {
    const start = this.#reserve(4);
    this.#view.setUint32(start, value, true);
  }

  uint64(value: number | bigint): void {
    const start = this.#reserve(8);
    this.#view.setBigUint64(start, BigInt(value), true);
  }

  string(value: string | Uint8Array): void {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value;
    this.uint64(bytes.length);
    this.raw(bytes);
  }

  padTo(alignment: number): void {
    this.#reserve((alignment - (this.#length % alignment)) % alignment);
  }

  /** The type and the value, as they follow a key. */
  value(value: GgufValue): void {
    this.uint32(valueTypes[value.type].id);
    if (value.type !== 'array') {
      this.#item(value.type, value.value);
      return;
    }
    this.uint32(valueTypes[value.itemType].id);
    this.uint64(value.value.length);
    for (const item of Array.from<unknown>(value.value)) this.#item(value.itemType, item);
  }

  #item(type: GgufItemType, item: unknown): void {
    if (type === 'string') {
      if (typeof item !== 'string' && !(item instanceof Uint8Array)) throw mismatch(type, item);
      this.string(item);
    } else if (type === 'bool') {
      if (typeof item !== 'boolean') throw mismatch(type, item);
      this.raw(Uint8Array.of(item ? 1 : 0));
    } else if (type === 'uint64' || type === 'int64') {
      this.#bigint(type, item);
    } else {
      this.#number(type, item);
    }
  }

  #bigint(type: 'uint64' | 'int64', item: unknown): void {
    if (typeof item !== 'bigint') throw mismatch(type, item);
    if (item !== (type === 'uint64' ? BigInt.asUintN(64, item) : BigInt.asIntN(64, item))) throw mismatch(type, item);
    this.uint64(BigInt.asUintN(64, item));
  }

  #number(type: Exclude<GgufItemType, 'string' | 'bool' | 'uint64' | 'int64'>, item: unknown): void {
    if (typeof item !== 'number') throw mismatch(type, item);
    const start = this.#reserve(valueTypes[type].bytes);
    const [set, get] = numberAccessors(type);
    set(this.#view, start, item);
    // An integer that was cut says something else than what was asked for.
    if (!type.startsWith('float') && get(this.#view, start) !== item) throw mismatch(type, item);
  }
}

function mismatch(type: string, item: unknown): RangeError {
  return new RangeError(`Expected a value of GGUF type ${type} but received ${String(item)} of type ${typeof item}.`);
}
