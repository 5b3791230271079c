/** Runs of two sides in pairs until verdict.ts is certain or the last look has been taken. */
import { SeededRandom } from '../seeded-random.js';
import { decide, defaultRules, type Pair, type Verdict, type VerdictRules } from './verdict.js';

export interface InterleavedRuns extends VerdictRules {
  /** One run of a side each; what it measured. */
  readonly a: () => Promise<number>;
  readonly b: () => Promise<number>;
  /** For the order within each pair. */
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onPair?: (pair: Pair, done: number) => void;
}

export interface InterleavedResult extends Verdict {
  readonly values: readonly Pair[];
}

async function onePair({ a, b }: InterleavedRuns, aFirst: boolean): Promise<Pair> {
  if (aFirst) {
    const first = await a();
    return { a: first, b: await b() };
  }
  const first = await b();
  return { a: await a(), b: first };
}

/** Rejects with the signal's reason when aborted, and with what a run rejects with. */
export async function compareInterleaved(runs: InterleavedRuns): Promise<InterleavedResult> {
  const random = new SeededRandom(runs.seed);
  const looks = runs.looks ?? defaultRules.looks;
  const last = looks.at(-1);
  if (last === undefined) throw new RangeError('A verdict needs at least one look.');
  const values: Pair[] = [];
  for (;;) {
    runs.signal?.throwIfAborted();
    // A fair coin each time, not alternation: it makes an order effect as likely to help either side.
    values.push(await onePair(runs, random.next() < 0.5));
    const pair = values.at(-1);
    if (pair !== undefined) runs.onPair?.(pair, values.length);
    if (!looks.includes(values.length)) continue;
    const verdict = decide(values, runs);
    if (verdict.certain || values.length >= last) return { ...verdict, values };
  }
}
