/** Damages GGUF files reproducibly: one seed, one mutant. Knows the format, so that most damage lies where it matters. */

/** A place in the header that decides something. */
interface Field {
  readonly kind: 'length' | 'count' | 'type' | 'scalar' | 'text' | 'dimension' | 'offset';
  readonly at: number;
  readonly size: number;
}

const scalarBytes = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
const stringType = 8;
const arrayType = 9;
/** Items of an array that count as fields; thousands of tokens must not drown the rest. */
const itemsListed = 40;

/** Random numbers of a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return (value ^ (value >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('Expected at least one item to pick from.');
    return item;
  }
}

class FieldReader {
  readonly fields: Field[] = [];
  readonly #view: DataView;
  #at = 8;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #field(kind: Field['kind'], size: number): number {
    const { length } = this.fields;
    this.fields.push({ kind, at: this.#at, size });
    this.#at += size;
    return length;
  }

  #uint32(kind: Field['kind']): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#field(kind, 4);
    return value;
  }

  #uint64(kind: Field['kind']): number {
    const value = Number(this.#view.getBigUint64(this.#at, true));
    this.#field(kind, 8);
    return value;
  }

  #text(): void {
    const length = this.#uint64('length');
    this.#field('text', length);
  }

  #items(type: number, count: number): void {
    for (let index = 0; index < count; index++) {
      const before = this.fields.length;
      if (type === stringType) this.#text();
      else this.#field('scalar', scalarBytes.get(type) ?? 1);
      if (index >= itemsListed) this.fields.length = before;
    }
  }

  #value(): void {
    const type = this.#uint32('type');
    if (type === arrayType) {
      const itemType = this.#uint32('type');
      this.#items(itemType, this.#uint64('count'));
    } else {
      this.#items(type, 1);
    }
  }

  /** Returns where the header ends. */
  read(): number {
    const tensors = this.#uint64('count');
    const keys = this.#uint64('count');
    for (let index = 0; index < keys; index++) {
      this.#text();
      this.#value();
    }
    for (let index = 0; index < tensors; index++) {
      this.#text();
      const dimensions = this.#uint32('count');
      for (let dimension = 0; dimension < dimensions; dimension++) this.#uint64('dimension');
      this.#uint32('type');
      this.#uint64('offset');
    }
    return this.#at;
  }
}

const extremes = [
  0n,
  1n,
  2n,
  3n,
  7n,
  255n,
  256n,
  513n,
  65_535n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fffen,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  // As floats: NaN, both infinities, -1, 1e30.
  0x7fc0_0000n,
  0x7f80_0000n,
  0xff80_0000n,
  0xbf80_0000n,
  0x7149_f2can,
];

function readNumber(bytes: Uint8Array, { at, size }: Field): bigint {
  let value = 0n;
  for (let index = size - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[at + index] ?? 0);
  return value;
}

function writeNumber(bytes: Uint8Array, { at, size }: Field, value: bigint): void {
  for (let index = 0; index < size; index++) bytes[at + index] = Number((value >> BigInt(8 * index)) & 0xffn);
}

/** A valid file and what can be done to it. */
export class GgufMutator {
  readonly #original: Uint8Array;
  readonly #fields: readonly Field[];
  readonly #headerEnd: number;

  constructor(original: Uint8Array) {
    this.#original = original;
    const reader = new FieldReader(original);
    this.#headerEnd = reader.read();
    this.#fields = reader.fields;
  }

  /** One to three changes. */
  mutant(seed: number): Uint8Array {
    const random = new Random(seed);
    // Neighbouring seeds begin alike otherwise.
    random.next();
    let bytes: Uint8Array = new Uint8Array(this.#original);
    const changes = random.below(3) === 0 ? 1 + random.below(3) : 1;
    for (let change = 0; change < changes; change++) bytes = this.#change(bytes, random);
    return bytes;
  }

  #change(bytes: Uint8Array, random: Random): Uint8Array {
    const ways = [
      this.#flipBit,
      this.#overwriteByte,
      this.#setExtreme,
      this.#setExtreme,
      this.#nudge,
      this.#changeType,
      this.#swapFields,
      this.#copyText,
      this.#damageText,
      this.#damageData,
      this.#truncate,
    ];
    return random.pick(ways).call(this, bytes, random);
  }

  #fieldsOf(...kinds: Field['kind'][]): Field[] {
    return this.#fields.filter(({ kind, size }) => kinds.includes(kind) && size > 0);
  }

  #flipBit(bytes: Uint8Array, random: Random): Uint8Array {
    const at = random.below(Math.min(this.#headerEnd, bytes.length));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  }

  #overwriteByte(bytes: Uint8Array, random: Random): Uint8Array {
    bytes[random.below(Math.min(this.#headerEnd, bytes.length))] = random.pick([0, 1, 0x20, 0x7f, 0x80, 0xff, 0x5f]);
    return bytes;
  }

  #setExtreme(bytes: Uint8Array, random: Random): Uint8Array {
    const field = random.pick(this.#fieldsOf('length', 'count', 'scalar', 'dimension', 'offset', 'scalar', 'type'));
    writeNumber(bytes, field, random.pick(extremes));
    return bytes;
  }

  /** A little more, a little less, twice, half. */
  #nudge(bytes: Uint8Array, random: Random): Uint8Array {
    const field = random.pick(this.#fieldsOf('length', 'count', 'scalar', 'dimension', 'offset'));
    const value = readNumber(bytes, field);
    writeNumber(bytes, field, random.pick([value + 1n, value - 1n, value * 2n, value / 2n, value + 32n, -value]));
    return bytes;
  }

  #changeType(bytes: Uint8Array, random: Random): Uint8Array {
    writeNumber(bytes, random.pick(this.#fieldsOf('type')), BigInt(random.below(44)));
    return bytes;
  }

  /** Two fields of one size, often of one kind. */
  #swapFields(bytes: Uint8Array, random: Random): Uint8Array {
    const first = random.pick(this.#fieldsOf('length', 'count', 'scalar', 'text', 'dimension', 'offset', 'type'));
    const second = random.pick(this.#fields.filter(({ size }) => size === first.size));
    const saved = new Uint8Array(bytes.subarray(first.at, first.at + first.size));
    bytes.copyWithin(first.at, second.at, second.at + second.size);
    bytes.set(saved.subarray(0, Math.max(0, bytes.length - second.at)), Math.min(second.at, bytes.length));
    return bytes;
  }

  /** Makes two names, keys or tokens the same. */
  #copyText(bytes: Uint8Array, random: Random): Uint8Array {
    const from = random.pick(this.#fieldsOf('text'));
    const to = random.pick(this.#fieldsOf('text').filter(({ size }) => size === from.size));
    bytes.copyWithin(to.at, from.at, from.at + from.size);
    return bytes;
  }

  #damageText(bytes: Uint8Array, random: Random): Uint8Array {
    const { at, size } = random.pick(this.#fieldsOf('text'));
    bytes[Math.min(at + random.below(size), bytes.length - 1)] = random.pick([
      0, 0x20, 0x30, 0x39, 0x80, 0xc3, 0xff, 0x7b,
    ]);
    return bytes;
  }

  #damageData(bytes: Uint8Array, random: Random): Uint8Array {
    if (bytes.length <= this.#headerEnd) return bytes;
    const at = this.#headerEnd + random.below(bytes.length - this.#headerEnd);
    const length = 1 + random.below(64);
    bytes.fill(random.pick([0, 0x7c, 0x7f, 0x80, 0xff]), at, Math.min(at + length, bytes.length));
    return bytes;
  }

  #truncate(bytes: Uint8Array, random: Random): Uint8Array {
    const end = random.below(2) === 0 ? this.#headerEnd : bytes.length;
    return bytes.subarray(0, random.below(Math.max(1, Math.min(end, bytes.length))));
  }
}
