import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

function outOfRange(value: string, kind: string, range: NumberRange): InvalidArgumentError {
  const { min, max } = range;
  return new InvalidArgumentError(`Expected ${kind} from ${String(min)} to ${String(max)} but received "${value}".`);
}

/** `Number('')` and `Number(' ')` are 0, so only digits are accepted as digits. */
export function integerIn(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[+-]?\d+$/u.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw outOfRange(value, 'a whole number', { min, max });
    return number;
  };
}

export function numberIn(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw outOfRange(value, 'a number', { min, max });
    return number;
  };
}

/** For options that may be repeated. */
export function collect(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

/** "CUDA0,CUDA1"; "none" is an empty list. */
export function deviceNames(value: string): string[] {
  if (value === 'none') return [];
  const names = value.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError(`Expected names of GPUs but received "${value}".`);
  return names;
}

/** "3,1"; llama-server takes slashes too. */
export function shareList(value: string): number[] {
  const shares = value.split(/[,/]/u).map(numberIn(0, Number.MAX_SAFE_INTEGER));
  if (shares.every((share) => share === 0)) throw new InvalidArgumentError('No GPU is given a share.');
  return shares;
}

export function nonEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('Expected a value but received an empty one.');
  return value;
}

/** What is in the file of that name. */
export function fileText(path: string): string {
  try {
    return nonEmpty(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(`The file ${path} is empty.`);
    throw new InvalidArgumentError(`The file ${path} cannot be read: ${(error as Error).message}.`);
  }
}
