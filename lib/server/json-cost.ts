/**
 * Looks over the bytes of JSON before it is parsed, as they come. Parsing costs far more than the bytes when they are a
 * million empty objects, and what comes after it walks over all of them again; this is one pass that stops at the first
 * bound.
 */

/** Deeper than anything that a request may say, whose own bounds are narrower. */
export const mostLevels = 100;

/** What parsing costs, in what one number costs, as measured. A new name is kept by the engine, which makes it dear. */
const costs = { name: 16, text: 8, container: 4 } as const;
/** Bytes outside of texts that cost as much: long numbers, and white space. */
const bytesPerCost = 8;

/** Of one body: 400,000 short numbers, or 131,072 objects and arrays, 65,536 texts, 32,768 names. */
export const mostCost = 2 ** 19;

/** `syntax`: it is no JSON. Short bodies that are none are left to the parser, which says where. */
export type JsonBound = 'levels' | 'values' | 'text' | 'syntax';

export interface JsonBounds {
  readonly mostCost: number;
  /** Bytes of one text. */
  readonly longestText: number;
  /** Of all of it, as far as it is known. */
  readonly expectedBytes: number;
}

const [quote, backslash] = [0x22, 0x5c];
/** So many bytes of a text are looked at one by one before the next quote is searched for, which has a price of its own. */
const shortText = 256;
/** From here on the parser does not search for faults either. */
const longBody = 1024 * 1024;

/** After so many silent bytes their cost is looked at. */
const longestRun = 65_536;

/** What a byte outside of texts is. Silent: white space, and what numbers and the three words are made of. */
const kind = { stray: 0, silent: 1, quote: 2, comma: 3, colon: 4, opening: 5, closing: 6 } as const;
const kinds = new Uint8Array(256);
for (const [what, bytes] of [
  [kind.silent, ' \t\n\r+-.0123456789eEtruefalsn'],
  [kind.quote, '"'],
  [kind.comma, ','],
  [kind.colon, ':'],
  [kind.opening, '{['],
  [kind.closing, '}]'],
] as const) {
  for (const byte of Buffer.from(bytes)) kinds[byte] = what;
}

/** How many backslashes end right before `end`, none of them before `start`. */
function backslashesBefore(bytes: Buffer, end: number, start: number): number {
  let count = 0;
  while (end - count > start && bytes[end - count - 1] === backslash) count++;
  return count;
}

export class JsonScan {
  readonly #bounds: JsonBounds;
  #cost = 0;
  #levels = 0;
  #isInText = false;
  /** The next byte of the text belongs to a backslash. */
  #isEscaped = false;
  #textBytes = 0;
  /** It is no JSON. */
  #isBroken = false;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  /** The next bytes. The first bound that they go beyond, if there is one; after that it is over. */
  take(bytes: Buffer): JsonBound | undefined {
    let at = 0;
    while (at < bytes.length && !this.#isBroken) {
      if (this.#cost > this.#bounds.mostCost) return 'values';
      const start = at;
      if (this.#isInText) {
        at = this.#endOfText(bytes, at);
        this.#textBytes += at - start;
        if (this.#textBytes > this.#bounds.longestText) return 'text';
        continue;
      }
      // Few bytes in a row are numbers or white space, except where somebody wants them to be many.
      while (at < bytes.length && at - start < longestRun && kinds[bytes[at] ?? 0] === kind.silent) at++;
      this.#cost += (at - start) / bytesPerCost;
      if (at < bytes.length && at - start < longestRun) {
        const bound = this.#take(kinds[bytes[at++] ?? 0]);
        if (bound !== undefined) return bound;
      }
    }
    return this.#cost > this.#bounds.mostCost ? 'values' : undefined;
  }

  /** A byte outside of texts that says something. */
  #take(what: number | undefined): JsonBound | undefined {
    switch (what) {
      case kind.quote:
        this.#isInText = true;
        this.#textBytes = 0;
        this.#cost += costs.text;
        return undefined;
      case kind.comma:
        this.#cost++;
        return undefined;
      case kind.colon:
        this.#cost += costs.name - costs.text;
        return undefined;
      case kind.opening:
        this.#cost += costs.container;
        return ++this.#levels > mostLevels ? 'levels' : undefined;
      case kind.closing:
        this.#levels--;
        return undefined;
      default:
        this.#isBroken = true;
        return this.#bounds.expectedBytes > longBody ? 'syntax' : undefined;
    }
  }

  /** The offset behind the text that goes on at `at`, or the length of the bytes when they end before it does. */
  #endOfText(bytes: Buffer, at: number): number {
    if (this.#isEscaped) at++;
    this.#isEscaped = false;
    while (at < bytes.length) {
      const near = Math.min(at + shortText, bytes.length);
      for (; at < near; at++) {
        const byte = bytes[at];
        if (byte === backslash) at++;
        else if (byte === quote) return this.#ended(at);
      }
      if (at >= bytes.length) break;
      const found = bytes.indexOf(quote, at);
      const end = found < 0 ? bytes.length : found;
      const isEscaped = backslashesBefore(bytes, end, at) % 2 === 1;
      if (found >= 0 && !isEscaped) return this.#ended(found);
      at = isEscaped ? end + 1 : end;
    }
    this.#isEscaped = at > bytes.length;
    return bytes.length;
  }

  #ended(at: number): number {
    this.#isInText = false;
    return at + 1;
  }
}

/** The same for bytes that are there. */
export function exceededBound(bytes: Buffer, bounds: Omit<JsonBounds, 'expectedBytes'>): JsonBound | undefined {
  return new JsonScan({ ...bounds, expectedBytes: bytes.length }).take(bytes);
}
