import { expected } from '../errors.js';
import { nearest } from '../nearest.js';

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** The lower bound itself is out. */
  readonly exclusiveMin?: boolean;
  readonly integer?: boolean;
}

function describeRange({ min, max, exclusiveMin, integer }: NumberRange): string {
  const noun = integer === true ? 'a whole number' : 'a number';
  return exclusiveMin === true
    ? `${noun} over ${String(min)}, at most ${String(max)}`
    : `${noun} from ${String(min)} to ${String(max)}`;
}

function isInRange(value: number, { min, max, exclusiveMin, integer }: NumberRange): boolean {
  if (Number.isNaN(value) || value > max || value < min) return false;
  if (exclusiveMin === true && value === min) return false;
  return integer !== true || Number.isInteger(value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Gathers what is wrong with the arguments of one call, so that the error names all of it. `throwIfAny` throws a
 * `TypeError`, or a `RangeError` when only values are out of range.
 */
export class Faults {
  readonly #messages: string[] = [];
  #onlyRanges = true;

  type(message: string): void {
    this.#messages.push(message);
    this.#onlyRanges = false;
  }

  range(message: string): void {
    this.#messages.push(message);
  }

  throwIfAny(): void {
    if (this.#messages.length === 0) return;
    const message = this.#messages.join(' ');
    throw this.#onlyRanges ? new RangeError(message) : new TypeError(message);
  }
}

/** Reads the options of one call by name. `undefined` means "not given"; `null` is a fault like any other wrong type. */
export class OptionReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly faults: Faults;
  /** Of the names in messages: "cache." inside of `cache`. */
  readonly #prefix: string;

  /** @throws TypeError when `options` is no object at all. */
  constructor(options: unknown, known: readonly string[], faults: Faults = new Faults(), prefix = '') {
    if (options !== undefined && !isObject(options)) throw new TypeError(expected('an object', 'options', options));
    this.#values = options ?? {};
    this.faults = faults;
    this.#prefix = prefix;
    for (const name of Object.keys(this.#values)) {
      if (!known.includes(name)) this.#reportUnknown(name, known);
    }
  }

  number(name: string, range: NumberRange, fallback: number): number {
    const value = this.#values[name];
    if (value === undefined) return fallback;
    if (typeof value === 'number' && isInRange(value, range)) return value;
    const message = expected(describeRange(range), this.#prefix + name, value);
    if (typeof value === 'number') this.faults.range(message);
    else this.faults.type(message);
    return fallback;
  }

  /** A number or the word 'auto', which is the fallback. */
  numberOrAuto(name: string, range: NumberRange, fallback: number): number {
    const value = this.#values[name];
    if (value === undefined || value === 'auto') return fallback;
    if (typeof value === 'number') return this.number(name, range, fallback);
    this.faults.type(expected(`${describeRange(range)} or 'auto'`, this.#prefix + name, value));
    return fallback;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#values[name];
    if (typeof value === 'boolean') return value;
    if (value !== undefined) this.faults.type(expected('a boolean', this.#prefix + name, value));
    return fallback;
  }

  /** One of a few words. */
  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.#values[name];
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.faults.type(expected(`one of ${choices.join(', ')}`, this.#prefix + name, value));
    return found ?? fallback;
  }

  /** Not empty. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    this.faults.type(expected('a string that is not empty', this.#prefix + name, value));
    return undefined;
  }

  object(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#values[name];
    if (value === undefined || isObject(value)) return value;
    this.faults.type(expected('an object', this.#prefix + name, value));
    return undefined;
  }

  array(name: string): readonly unknown[] | undefined {
    const value = this.#values[name];
    if (value === undefined || Array.isArray(value)) return value;
    this.faults.type(expected('an array', this.#prefix + name, value));
    return undefined;
  }

  /** The options inside of an option. */
  group(name: string, known: readonly string[]): OptionReader {
    return new OptionReader(this.object(name), known, this.faults, `${this.#prefix}${name}.`);
  }

  /** As it was given, for options with rules of their own. */
  raw(name: string): unknown {
    return this.#values[name];
  }

  signal(name = 'signal'): AbortSignal | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    // Not instanceof: signals of other realms and of polyfills do as well.
    if (isObject(value) && 'aborted' in value && 'addEventListener' in value) return value as unknown as AbortSignal;
    this.faults.type(expected('an AbortSignal', this.#prefix + name, value));
    return undefined;
  }

  #reportUnknown(name: string, known: readonly string[]): void {
    const suggestion = nearest(name, known);
    const hint = suggestion === undefined ? `the options are ${known.join(', ')}` : `did you mean ${suggestion}?`;
    this.faults.type(
      `There is no option ${JSON.stringify(this.#prefix + name)}; ${hint}${hint.endsWith('?') ? '' : '.'}`,
    );
  }
}
