/**
 * Regular expressions of schemas (ECMA-262 with the flag u), as far as they are regular: read into a tree, matched in time
 * that grows with the text alone, and written as patterns of the grammar.
 */

/** Inclusive code points. */
type Range = readonly [from: number, to: number];

export type Regex =
  | { readonly kind: 'set'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] }
  | { readonly kind: 'repeat'; readonly part: Regex; readonly least: number; readonly most: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

/** The expression is not one that this understands. */
export class RegexError extends Error {
  constructor(what: string) {
    super(`Not a regular expression that can be kept: ${what}.`);
    this.name = 'RegexError';
  }
}

const last = 0x10_ffff;
const digits: readonly Range[] = [[48, 57]];
const wordRanges: readonly Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const spaces: readonly Range[] = [
  ...([
    [9, 13],
    [32, 32],
    [160, 160],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
    [0x2028, 0x2029],
    [0x202f, 0x202f],
  ] as const),
  ...([
    [0x205f, 0x205f],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ] as const),
];
const lineEnds: readonly Range[] = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];

function sorted(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before !== undefined && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function complement(ranges: readonly Range[]): Range[] {
  const others: Range[] = [];
  let next = 0;
  for (const [from, to] of sorted(ranges)) {
    if (from > next) others.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= last) others.push([next, last]);
  return others;
}

const longest = 1000;
const deepest = 50;
/** A grammar writes out what is repeated. */
const mostRepeats = 2000;

class Reader {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#characters = Array.from(source);
    if (this.#characters.length > longest) throw new RegexError('it is too long');
  }

  read(): Regex {
    const regex = this.#choice();
    if (this.#at < this.#characters.length) throw new RegexError('a parenthesis is closed that was not opened');
    return regex;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new RegexError('it ends too early');
    return character;
  }

  #choice(): Regex {
    if (++this.#depth > deepest) throw new RegexError('it is nested too deeply');
    const options = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at++;
      options.push(this.#sequence());
    }
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
  }

  #sequence(): Regex {
    const parts: Regex[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: Regex): Regex {
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    if (part.kind === 'start' || part.kind === 'end') throw new RegexError('an anchor is repeated');
    // Greedy or not, the same texts match.
    if (this.#peek() === '?') this.#at++;
    const [least, most] = bounds;
    if (least > most || least > mostRepeats || (most !== Infinity && most > mostRepeats))
      throw new RegexError('a number of repetitions');
    return { kind: 'repeat', part, least, most };
  }

  #bounds(): readonly [number, number] | undefined {
    const next = this.#peek();
    if (next === '*' || next === '+' || next === '?') {
      this.#at++;
      return [next === '+' ? 1 : 0, next === '?' ? 1 : Infinity];
    }
    if (next !== '{') return undefined;
    const text = this.#characters.slice(this.#at, this.#at + 24).join('');
    const [whole, from = '', comma, to = ''] = /^\{(\d{1,6})(,)?(\d{0,6})\}/u.exec(text) ?? [];
    if (whole === undefined) throw new RegexError('a brace that is no repetition');
    this.#at += whole.length;
    return [Number(from), comma === undefined ? Number(from) : to === '' ? Infinity : Number(to)];
  }

  #atom(): Regex {
    const character = this.#take();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', ranges: this.#class() };
      case '.':
        return { kind: 'set', ranges: complement(lineEnds) };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return { kind: 'set', ranges: this.#escape() };
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        throw new RegexError(`a ${character} that stands alone`);
      default:
        return { kind: 'set', ranges: [[character.codePointAt(0) ?? 0, character.codePointAt(0) ?? 0]] };
    }
  }

  #group(): Regex {
    if (this.#peek() === '?') {
      this.#at++;
      if (this.#take() !== ':') throw new RegexError('a group that looks around or has a name');
    }
    const inner = this.#choice();
    if (this.#take() !== ')') throw new RegexError('a parenthesis is not closed');
    return inner;
  }

  #escape(): readonly Range[] {
    const character = this.#take();
    const named: Readonly<Record<string, readonly Range[]>> = {
      ...{
        d: digits,
        w: wordRanges,
        s: spaces,
        D: complement(digits),
        W: complement(wordRanges),
        S: complement(spaces),
      },
      ...{ t: [[9, 9]], n: [[10, 10]], v: [[11, 11]], f: [[12, 12]], r: [[13, 13]], 0: [[0, 0]] },
    };
    const found = Object.hasOwn(named, character) ? named[character] : undefined;
    if (found !== undefined) return found;
    if (character === 'x' || character === 'u') return this.#hexadecimal(character);
    if (character === 'c') {
      const code = (this.#take().codePointAt(0) ?? 0) % 32;
      return [[code, code]];
    }
    if (/[\^$\\.*+?()[\]{}|/-]/u.test(character))
      return [[character.codePointAt(0) ?? 0, character.codePointAt(0) ?? 0]];
    throw new RegexError(`the escape \\${character}`);
  }

  #hexadecimal(kind: 'x' | 'u'): readonly Range[] {
    const text = this.#characters.slice(this.#at, this.#at + 8).join('');
    const [whole, braced, plain] =
      (kind === 'x' ? /^()([\da-f]{2})/iu : /^(?:\{([\da-f]{1,6})\}|([\da-f]{4}))/iu).exec(text) ?? [];
    if (whole === undefined) throw new RegexError(`an escape \\${kind}`);
    this.#at += whole.length;
    const code = Number.parseInt(braced === undefined || braced === '' ? (plain ?? '') : braced, 16);
    if (code > last || (code >= 0xd800 && code <= 0xdfff)) throw new RegexError('a surrogate');
    return [[code, code]];
  }

  #class(): readonly Range[] {
    const isNegated = this.#peek() === '^';
    if (isNegated) this.#at++;
    const ranges: Range[] = [];
    for (let next = this.#take(); next !== ']'; next = this.#take()) {
      const from =
        next === '\\' ? this.#classEscape() : [[next.codePointAt(0) ?? 0, next.codePointAt(0) ?? 0] as const];
      const isRange = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (!isRange) {
        ranges.push(...from);
        continue;
      }
      this.#at++;
      const end = this.#take();
      const to = end === '\\' ? this.#classEscape() : [[end.codePointAt(0) ?? 0, end.codePointAt(0) ?? 0] as const];
      const [low, high] = [from[0]?.[0] ?? 0, to[0]?.[1] ?? 0];
      const isOne = from.length === 1 && to.length === 1 && from[0]?.[0] === from[0]?.[1] && to[0]?.[0] === to[0]?.[1];
      if (!isOne || low > high) throw new RegexError('a range in a class');
      ranges.push([low, high]);
    }
    return isNegated ? complement(ranges) : sorted(ranges);
  }

  #classEscape(): readonly Range[] {
    if (this.#peek() !== 'b') return this.#escape();
    this.#at++;
    return [[8, 8]];
  }
}

/** Throws RegexError for what is no expression, or not a regular one. */
export function readRegex(source: string): Regex {
  return new Reader(source).read();
}

function repeatedEnds(
  { part, least, most }: Extract<Regex, { kind: 'repeat' }>,
  text: readonly number[],
  starts: ReadonlySet<number>,
): Set<number> {
  let ends: ReadonlySet<number> = starts;
  for (let count = 0; count < least && ends.size > 0; count++) ends = endsOf(part, text, ends);
  const reached = new Set(ends);
  // Who came somewhere with fewer repetitions can go at least as far from there: every place is left once.
  for (let count = least; count < most && ends.size > 0; count++) {
    const next = [...endsOf(part, text, ends)].filter((end) => !reached.has(end));
    for (const end of next) reached.add(end);
    ends = new Set(next);
  }
  return reached;
}

function endsOf(regex: Regex, text: readonly number[], starts: ReadonlySet<number>): Set<number> {
  switch (regex.kind) {
    case 'start':
      return new Set(starts.has(0) ? [0] : []);
    case 'end':
      return new Set(starts.has(text.length) ? [text.length] : []);
    case 'set': {
      const fits = (code: number | undefined): boolean =>
        code !== undefined && regex.ranges.some(([from, to]) => from <= code && code <= to);
      return new Set([...starts].filter((at) => fits(text[at])).map((at) => at + 1));
    }
    case 'sequence':
      return regex.parts.reduce<Set<number>>((ends, part) => endsOf(part, text, ends), new Set(starts));
    case 'choice':
      return new Set(regex.options.flatMap((option) => [...endsOf(option, text, starts)]));
    case 'repeat':
      return repeatedEnds(regex, text, starts);
  }
}

/** Matching takes a time that grows with its square at most. */
const longestText = 2000;

/**
 * Whether the expression is found anywhere in the text, as `pattern` means it.
 *
 * @throws RegexError for texts that are too long to tell.
 */
export function finds(regex: Regex, text: string): boolean {
  if (text.length > longestText) throw new RegexError('what it is to be found in is too long');
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return endsOf(regex, codes, new Set(codes.keys()).add(codes.length)).size > 0;
}
