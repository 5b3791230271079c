import type { Constraints } from './constraints.js';
import { formatSource } from './formats.js';
import { readRegex, RegexError } from './regex.js';
import type { SimpleSchema } from './simple-schema.js';
import { anyCharacter, lengthPattern, mostCharacters, patternOf, type TextPattern } from './text-pattern.js';

/** Which keyword stands in the way. */
export interface Refusal {
  readonly keyword: string;
}

function withPattern({ source }: TextPattern): SimpleSchema {
  return { type: 'string', pattern: `^${source}$` };
}

/** Texts that begin otherwise than all that are excluded. */
function otherwise(excluded: readonly string[], isEmptyAllowed: boolean): SimpleSchema | Refusal {
  const first = [...new Set(excluded.flatMap((text) => Array.from(text).slice(0, 1)))];
  const escapedFirst = first.map((character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`).join('');
  const start = first.length === 0 ? `[\\u{0}-\\u{10FFFF}]` : `[^${escapedFirst}]`;
  const regex = readRegex(start);
  const pattern = patternOf(regex, 1, 1);
  if (pattern === undefined) return { keyword: 'not' };
  const source = `${pattern.source}${anyCharacter}*`;
  return { type: 'string', pattern: isEmptyAllowed ? `^(${source}|)$` : `^${source}$` };
}

/** The strings of an alternative. */
export function simpleString(rules: Constraints): SimpleSchema | Refusal {
  const { minLength, maxLength, patterns, formats, excluded } = rules;
  const known = formats.map(formatSource).filter((source) => source !== undefined);
  const sources = [...new Set([...patterns, ...known])];
  const texts = excluded.filter((value) => typeof value === 'string');
  const [source, second] = sources;
  const keyword = patterns.length > 0 ? 'pattern' : 'format';
  if (second !== undefined) return { keyword };
  if (minLength > maxLength) return { keyword: 'minLength' };
  const isFree = source === undefined && minLength === 0 && maxLength === Infinity;
  if (texts.length > 0) {
    const isSimple = source === undefined && minLength <= 1 && maxLength === Infinity;
    return isSimple ? otherwise(texts, minLength === 0 && !texts.includes('')) : { keyword: 'not' };
  }
  if (isFree) return { type: 'string' };
  if (source === undefined) {
    return minLength > mostCharacters
      ? { keyword: 'minLength' }
      : withPattern(lengthPattern(Math.ceil(minLength), Math.floor(maxLength)));
  }
  try {
    const pattern = patternOf(readRegex(source), minLength, maxLength);
    return pattern === undefined ? { keyword } : withPattern(pattern);
  } catch (error) {
    if (error instanceof RegexError) return { keyword };
    throw error;
  }
}
