/** Strings of a grammar: patterns of characters that JSON writes without a backslash. */
import { RegexError, type Regex } from './regex.js';

/** A pattern without its anchors, and how many characters it can have. */
export interface TextPattern {
  readonly source: string;
  readonly least: number;
  readonly most: number;
}

/** What stands in a JSON string as it is: no quote, no backslash, no control, no half of a pair. */
const plain: readonly (readonly [number, number])[] = [
  ...([
    [0x20, 0x21],
    [0x23, 0x5b],
    [0x5d, 0x7e],
    [0x80, 0xd7ff],
    [0xe000, 0x10_ffff],
  ] as const),
];

function hexadecimal(code: number): string {
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}

/** Undefined when none of them is plain. */
function classOf(ranges: readonly (readonly [number, number])[]): string | undefined {
  const kept = ranges.flatMap(([from, to]) =>
    plain.flatMap(([low, high]) => {
      const [start, end] = [Math.max(from, low), Math.min(to, high)];
      return start > end ? [] : [start === end ? hexadecimal(start) : `${hexadecimal(start)}-${hexadecimal(end)}`];
    }),
  );
  return kept.length === 0 ? undefined : `[${kept.join('')}]`;
}

export const anyCharacter = classOf([[0, 0x10_ffff]]) ?? '';

function repeated(source: string, least: number, most: number): string {
  if (least === 1 && most === 1) return source;
  if (most === Infinity)
    return least === 0 ? `${source}*` : least === 1 ? `${source}+` : `${source}{${String(least)},}`;
  return `${source}{${String(least)},${String(most)}}`;
}

/** Undefined where nothing plain is left. */
function write(regex: Regex): TextPattern | undefined {
  switch (regex.kind) {
    case 'start':
    case 'end':
      throw new RegexError('an anchor in the middle');
    case 'set': {
      const source = classOf(regex.ranges);
      return source === undefined ? undefined : { source, least: 1, most: 1 };
    }
    case 'sequence': {
      const parts = regex.parts.map(write);
      if (!parts.every((part) => part !== undefined)) return undefined;
      return {
        source: parts.map(({ source }) => source).join(''),
        least: parts.reduce((sum, { least }) => sum + least, 0),
        most: parts.reduce((sum, { most }) => sum + most, 0),
      };
    }
    case 'choice': {
      const options = regex.options.map(write).filter((option) => option !== undefined);
      if (options.length === 0) return undefined;
      return {
        source: `(${options.map(({ source }) => source).join('|')})`,
        least: Math.min(...options.map(({ least }) => least)),
        most: Math.max(...options.map(({ most }) => most)),
      };
    }
    case 'repeat': {
      const part = write(regex.part);
      if (part === undefined) return regex.least === 0 ? { source: '', least: 0, most: 0 } : undefined;
      if (part.source === '') return part;
      const most = part.most === 0 || regex.most === 0 ? 0 : part.most * regex.most;
      return { source: repeated(`(${part.source})`, regex.least, regex.most), least: part.least * regex.least, most };
    }
  }
}

function optionsOf(regex: Regex): readonly Regex[] {
  return regex.kind === 'choice' ? regex.options : [regex];
}

/** One option of an expression, its anchors taken off, and what may come before and behind. */
function optionPattern(option: Regex, isWide: boolean): TextPattern | undefined {
  const parts = option.kind === 'sequence' ? [...option.parts] : [option];
  const [isAtStart, isAtEnd] = [parts[0]?.kind === 'start', parts.at(-1)?.kind === 'end'];
  if (isAtStart) parts.shift();
  if (isAtEnd) parts.pop();
  const written = write({ kind: 'sequence', parts });
  if (written === undefined || !isWide) return written;
  const [before, behind] = [isAtStart ? '' : `${anyCharacter}*`, isAtEnd ? '' : `${anyCharacter}*`];
  const most = isAtStart && isAtEnd ? written.most : Infinity;
  return { source: `${before}${written.source}${behind}`, least: written.least, most };
}

function fits({ least, most }: TextPattern, minLength: number, maxLength: number): boolean {
  return least >= minLength && most <= maxLength;
}

/** With so many repetitions more at most where there is no bound. */
function bounded(regex: Regex, more: number): Regex {
  switch (regex.kind) {
    case 'sequence':
      return { ...regex, parts: regex.parts.map((part) => bounded(part, more)) };
    case 'choice':
      return { ...regex, options: regex.options.map((option) => bounded(option, more)) };
    case 'repeat':
      return {
        ...regex,
        part: bounded(regex.part, more),
        most: regex.most === Infinity ? regex.least + more : regex.most,
      };
    default:
      return regex;
  }
}

function attempt(regex: Regex, isWide: boolean, minLength: number, maxLength: number): TextPattern | undefined {
  const options = optionsOf(regex)
    .map((option) => optionPattern(option, isWide))
    .filter((option): option is TextPattern => option !== undefined && fits(option, minLength, maxLength));
  if (options.length === 0) return undefined;
  return {
    source: `(${options.map(({ source }) => source).join('|')})`,
    least: Math.min(...options.map(({ least }) => least)),
    most: Math.max(...options.map(({ most }) => most)),
  };
}

/** Tried from the longest on where texts must not be too long. */
const repetitions = [256, 64, 16, 4, 1, 0];

/**
 * Texts in which the expression is found, of these lengths; undefined when none can be told.
 *
 * @throws RegexError for what cannot be written.
 */
export function patternOf(regex: Regex, minLength: number, maxLength: number): TextPattern | undefined {
  // Around what must be found there may be more, unless that could become too long.
  const free = attempt(regex, true, minLength, maxLength) ?? attempt(regex, false, minLength, maxLength);
  if (free !== undefined || maxLength === Infinity) return free;
  for (const more of repetitions) {
    const found = attempt(bounded(regex, more), false, minLength, maxLength);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A grammar writes out what is repeated. */
export const mostCharacters = 2000;

/** Texts of so many characters. REQUIRES: minLength at most `mostCharacters` and maxLength. */
export function lengthPattern(minLength: number, maxLength: number): TextPattern {
  const most = maxLength === Infinity ? Infinity : Math.min(maxLength, mostCharacters);
  return { source: repeated(anyCharacter, minLength, most), least: minLength, most };
}
