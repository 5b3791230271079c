import { expected } from '../errors.js';
import type { EncodingOptions, ScoringOptions } from '../manager/model-source.js';
import { tiers } from '../native-types.js';
import type { Tier } from '../native-types.js';
import { OptionReader } from './option-reader.js';
import type { Faults } from './option-reader.js';
import type { WorkScheduling } from './work.js';

/** What `embed`, `rerank` and `classify` take. */
export interface EncoderCallOptions {
  /** What is too long is cut to what the model takes instead of refused. Default false, and true of `rerank`. */
  readonly truncate?: boolean;
  /** Default 'normal'. */
  readonly priority?: Tier;
  /** Whose fair share within its tier it counts against, at most 256 characters. */
  readonly user?: string;
  /** Milliseconds, 1 to 86,400,000, within which all of it must have started. */
  readonly deadlineMs?: number;
  /** Ends the waiting at once, and the computing as soon as that can be. */
  readonly signal?: AbortSignal;
}

export interface EmbedOptions extends EncoderCallOptions {
  /** Scale each vector to length 1 (L2). Default true. */
  readonly normalize?: boolean;
  /** Keep so many floats of each vector, for models trained for it ("Matryoshka"). */
  readonly dimensions?: number;
}

export interface RerankOptions extends EncoderCallOptions {
  /** The best so many; default all. */
  readonly topN?: number;
  /** Scores as the model gives them, not 0 to 1. Default false. */
  readonly rawScores?: boolean;
}

export interface ClassifyOptions extends EncoderCallOptions {
  /** The likeliest so many classes; default all. */
  readonly topK?: number;
  /** Scores as the model gives them, not probabilities. Default false. */
  readonly rawScores?: boolean;
}

const sharedNames = ['truncate', 'priority', 'user', 'deadlineMs', 'signal'] as const;
const most = 2 ** 31 - 1;

interface CheckedCall {
  readonly signal: AbortSignal | undefined;
}

function readScheduling(reader: OptionReader): WorkScheduling {
  return {
    tier: tiers.indexOf(reader.choice('priority', tiers, 'normal')),
    user: reader.text('user') ?? '',
    deadlineMs: reader.number('deadlineMs', { min: 1, max: 86_400_000 }, 0),
  };
}

function readShared(reader: OptionReader, truncates: boolean): CheckedCall & { readonly encoding: EncodingOptions } {
  const encoding = { truncate: reader.boolean('truncate', truncates), scheduling: readScheduling(reader) };
  return { signal: reader.signal(), encoding };
}

function checkEach(
  values: unknown,
  name: string,
  faults: Faults,
  fits: (value: unknown) => boolean,
  what: string,
): void {
  if (!Array.isArray(values)) {
    faults.type(expected(`an array of ${what}`, name, values));
    return;
  }
  for (const [index, value] of values.entries()) {
    if (!fits(value)) faults.type(expected(what, `${name}[${String(index)}]`, value));
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isInput = (value: unknown): boolean => typeof value === 'string' || value instanceof Int32Array;

interface CheckedEmbed extends CheckedCall {
  readonly inputs: readonly (string | Int32Array)[];
  readonly normalize: boolean;
  readonly dimensions: number | undefined;
  readonly encoding: EncodingOptions;
}

/** @throws TypeError or RangeError naming everything that is wrong. */
export function readEncoding(input: unknown, options: EmbedOptions | undefined, width: number): CheckedEmbed {
  const reader = new OptionReader(options, [...sharedNames, 'normalize', 'dimensions']);
  const shared = readShared(reader, false);
  const normalize = reader.boolean('normalize', true);
  const dimensions =
    reader.raw('dimensions') === undefined
      ? undefined
      : reader.number('dimensions', { min: 1, max: width, integer: true }, width);
  const inputs = isInput(input) ? [input] : input;
  checkEach(inputs, 'input', reader.faults, isInput, 'a string or an Int32Array');
  reader.faults.throwIfAny();
  return { inputs: inputs as (string | Int32Array)[], normalize, dimensions, ...shared };
}

interface CheckedScoring extends CheckedCall {
  readonly scoring: ScoringOptions;
}

/** @throws TypeError or RangeError naming everything that is wrong. */
export function readRerank(
  query: unknown,
  documents: unknown,
  options: RerankOptions | undefined,
): CheckedScoring & { readonly topN: number } {
  const reader = new OptionReader(options, [...sharedNames, 'topN', 'rawScores']);
  const { signal, encoding } = readShared(reader, true);
  const raw = reader.boolean('rawScores', false);
  const topN = reader.number('topN', { min: 1, max: most, integer: true }, most);
  if (typeof query !== 'string' || query === '')
    reader.faults.type(expected('a string that is not empty', 'query', query));
  checkEach(documents, 'documents', reader.faults, isText, 'a string');
  reader.faults.throwIfAny();
  return { signal, topN, scoring: { ...encoding, raw } };
}

/** @throws TypeError or RangeError naming everything that is wrong. */
export function readTexts(
  input: unknown,
  options: ClassifyOptions | undefined,
): CheckedScoring & { readonly inputs: readonly string[]; readonly topK: number } {
  const reader = new OptionReader(options, [...sharedNames, 'topK', 'rawScores']);
  const { signal, encoding } = readShared(reader, false);
  const raw = reader.boolean('rawScores', false);
  const topK = reader.number('topK', { min: 1, max: most, integer: true }, most);
  const inputs = typeof input === 'string' ? [input] : input;
  checkEach(inputs, 'input', reader.faults, isText, 'a string');
  reader.faults.throwIfAny();
  return { inputs: inputs as string[], signal, topK, scoring: { ...encoding, raw } };
}
