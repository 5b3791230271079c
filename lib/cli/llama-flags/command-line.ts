import { nearest } from '../../nearest.js';
import { UsageError } from '../cli-error.js';
import type { FlagEffect, LlamaFlag } from './flag.js';
import { findLlamaFlag, llamaFlags, repeatableFields } from './table.js';

/** A flag of `inferno serve` itself. */
export interface OwnFlag {
  readonly long?: string | undefined;
  readonly short?: string | undefined;
  readonly takesValue: boolean;
}

/** What stands behind `serve`, in our flags only, and what the user should know. */
export interface ServeArguments {
  readonly args: readonly string[];
  readonly notes: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const help = 'docs/llama-server.md has all flags of llama-server; see also `inferno serve --help`.';
const unified: ReadonlySet<string> = new Set(['-kvu', '--kv-unified']);
const optionalValues: ReadonlySet<string> = new Set(['on', 'off', 'auto', '0', '1', 'true', 'false']);
const yesWords: ReadonlySet<string> = new Set(['1', 'true', 'on', 'enabled']);
const noWords: ReadonlySet<string> = new Set(['0', 'false', 'off', 'disabled']);

/** Reads one command line. */
class Translation {
  readonly #args: string[] = [];
  readonly #notes = new Set<string>();
  readonly #fields = new Map<string, unknown>();
  #contextTotal: number | undefined;
  #parallel: number | undefined;
  #isUnified = false;

  keep(...args: readonly string[]): void {
    this.#args.push(...args);
  }

  /** `name` is what the user wrote: a flag, or a variable of the environment. */
  apply(name: string, flag: LlamaFlag, value: string): void {
    if (unified.has(name)) this.#isUnified = true;
    this.#effect(name, name.startsWith('-') ? name : (flag.names[0] ?? name), flag.effect, value);
  }

  result(): ServeArguments {
    const args = [...this.#args];
    for (const [field, value] of this.#fields) args.push('--request-default', `${field}=${JSON.stringify(value)}`);
    if (this.#contextTotal !== undefined) args.push('--ctx-size', String(this.#contextPerSequence(this.#contextTotal)));
    return { args, notes: [...this.#notes] };
  }

  #effect(name: string, flagName: string, effect: FlagEffect, value: string): void {
    switch (effect.kind) {
      case 'ours':
        this.#ours(flagName, effect.arguments(value));
        break;
      case 'request':
        this.#field(effect.field, effect.read(value));
        break;
      case 'ignored':
        this.#notes.add(`${name} has no effect: ${effect.why}.`);
        break;
      case 'refused':
        throw new UsageError(`${name} cannot be honoured: ${effect.why}.`, help);
      case 'depends':
        this.#effect(name, flagName, effect.on(value === '' ? flagName : value), value);
    }
  }

  /** The context of all sequences together is divided when it is known how many there are. */
  #ours(flagName: string, args: readonly string[]): void {
    const [flag, value = ''] = args;
    const isWhole = /^\d+$/u.test(value);
    if (flag === '--ctx-size' && isWhole && flagName !== '--kv-unified-per-slot') this.#contextTotal = Number(value);
    // Ours has the negative form only.
    else if (flag !== '--slots') this.keep(...args);
    else if (flagName === '--no-slots') this.keep('--no-slots');
    if (flag === '--parallel' && isWhole) this.#parallel = Number(value);
  }

  #field(field: string, value: unknown): void {
    const before = this.#fields.get(field);
    const list = Array.isArray(before) ? (before as unknown[]) : [];
    this.#fields.set(field, repeatableFields.has(field) ? [...list, value] : value);
  }

  #contextPerSequence(total: number): number {
    const parallel = this.#parallel ?? 1;
    if (this.#isUnified || parallel <= 1) return total;
    const each = Math.floor(total / parallel);
    this.#notes.add(`--ctx-size ${String(total)} is for ${String(parallel)} sequences: ${String(each)} tokens each.`);
    return each;
  }
}

function unknownFlag(word: string, own: readonly OwnFlag[]): UsageError {
  const names = [
    ...own.flatMap(({ long, short }) => [long ?? [], short ?? []].flat()),
    ...llamaFlags.flatMap((flag) => flag.names),
  ];
  const close = nearest(word, names);
  const hint = close === undefined ? '' : ` Did you mean ${close}?`;
  return new UsageError(`There is no flag ${word}.${hint}`, help);
}

/** Of flags that were not given, those that the environment sets. */
function applyEnvironment(translation: Translation, given: ReadonlySet<LlamaFlag>, environment: Environment): void {
  for (const flag of llamaFlags) {
    const name = flag.environment;
    const value = name?.startsWith('LLAMA_') === true ? environment[name] : undefined;
    if (name === undefined || value === undefined || value === '' || given.has(flag)) continue;
    if (flag.value !== 'none') {
      translation.apply(name, flag, value);
      continue;
    }
    const word = value.toLowerCase();
    const wanted = yesWords.has(word)
      ? flag.names.find((candidate) => !candidate.startsWith('--no-'))
      : noWords.has(word)
        ? flag.names.find((candidate) => candidate.startsWith('--no-'))
        : undefined;
    if (wanted !== undefined) translation.apply(wanted, flag, '');
  }
}

/** "--flag=value" as two words. */
function wordsOf(args: readonly string[]): string[] {
  return args.flatMap((word) => {
    const match = /^(?<name>--[\w.-]+)=(?<value>.*)$/su.exec(word);
    return match?.groups === undefined ? [word] : [match.groups['name'] ?? '', match.groups['value'] ?? ''];
  });
}

/**
 * What `serve` was called with, in our flags: llama-server's are translated, with a note where one has no effect.
 *
 * @throws UsageError for flags that neither of the two has, and for those whose loss would change answers.
 */
export function readServeArguments(
  given: readonly string[],
  own: readonly OwnFlag[],
  environment: Environment = {},
): ServeArguments {
  const translation = new Translation();
  const seen = new Set<LlamaFlag>();
  const words = wordsOf(given);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const next = words[at + 1];
    const flag = findLlamaFlag(word);
    const ours = own.find(({ long, short }) => long === word || short === word);
    if (flag !== undefined && !(ours !== undefined && flag.effect.kind === 'refused')) {
      seen.add(flag);
      const takesNext =
        flag.value === 'one' || (flag.value === 'optional' && next !== undefined && optionalValues.has(next));
      if (flag.value === 'one' && next === undefined) throw new UsageError(`${word} needs a value.`, help);
      translation.apply(word, flag, takesNext ? (next ?? '') : '');
      if (takesNext) at++;
    } else if (ours !== undefined) {
      translation.keep(word, ...(ours.takesValue && next !== undefined ? [next] : []));
      if (ours.takesValue) at++;
    } else if (/^-./u.test(word)) {
      throw unknownFlag(word, own);
    } else {
      translation.keep(word);
    }
  }
  applyEnvironment(translation, seen, environment);
  return translation.result();
}
