import { expected } from '../errors.js';
import { OptionReader } from './option-reader.js';
import type { Faults } from './option-reader.js';

export interface EmbedOptions {
  /** Scale each vector to length 1 (L2). Default true. */
  readonly normalize?: boolean;
  /** Ends the waiting at once, and the computing after the input that is being computed. */
  readonly signal?: AbortSignal;
}

/** What `Model.embed` was asked for. */
interface CheckedEmbedding {
  readonly inputs: readonly (string | Int32Array)[];
  readonly normalize: boolean;
  readonly signal: AbortSignal | undefined;
}

function isInput(value: unknown): value is string | Int32Array {
  return typeof value === 'string' || value instanceof Int32Array;
}

function readInputs(input: unknown, faults: Faults): readonly (string | Int32Array)[] {
  if (isInput(input)) return [input];
  if (!Array.isArray(input)) {
    faults.type(expected('a string, an Int32Array of token ids or an array of these', 'input', input));
    return [];
  }
  for (const [index, item] of input.entries()) {
    if (!isInput(item)) faults.type(expected('a string or an Int32Array', `input[${String(index)}]`, item));
  }
  return input as (string | Int32Array)[];
}

/** @throws TypeError naming everything that is wrong. */
export function readEmbedding(input: unknown, options: EmbedOptions | undefined): CheckedEmbedding {
  const reader = new OptionReader(options, ['normalize', 'signal']);
  const normalize = reader.boolean('normalize', true);
  const signal = reader.signal();
  const inputs = readInputs(input, reader.faults);
  reader.faults.throwIfAny();
  return { inputs, normalize, signal };
}
