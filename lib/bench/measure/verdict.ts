/**
 * Is B slower than A, faster, or the same? Decided from pairs of runs, with bounds on how often it errs:
 *
 * - The unit is a run, not a request: requests of one run share its luck.
 * - A pair is two runs right after each other in random order, so that what changes slowly on the machine cancels, and
 *   what does not cancel is as likely to favour A as B. From the logarithms of the pairs' ratios come an estimate and an
 *   exact interval that hold for any such noise (signed-rank.ts).
 * - The series may be looked at several times, after more pairs each; each look gets its part of `falseAlarm`. Two equal
 *   builds are told apart with at most that probability: 0.0015 a try, 0.03 in a series of 20 tries.
 * - A change must also be at least `effect`, 5 % by default. Two processes of one build may differ by a few percent for
 *   as long as they live (where their memory lies); that is certain, and yet no change of the build. With it, false alarms
 *   are rarer than `falseAlarm` says.
 */
import { shiftOf } from './signed-rank.js';

export interface Pair {
  readonly a: number;
  readonly b: number;
}

export interface VerdictRules {
  /** Whether more of the measured is better, as tokens per second are, or less, as milliseconds. */
  readonly better: 'higher' | 'lower';
  /** Smaller changes are none; 0.05 is 5 %. */
  readonly effect?: number;
  /** Probability that two equal builds are told apart. */
  readonly falseAlarm?: number;
  /** Numbers of pairs after which it is decided, ascending. */
  readonly looks?: readonly number[];
}

export interface Verdict {
  readonly verdict: 'regression' | 'improvement' | 'no change';
  /** Of B against A: -0.1 is 10 % less of what was measured. */
  readonly change: number;
  /** Where the true change lies, but for the chance of a false alarm of this look. Infinite with too few pairs. */
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
  /** The whole interval is smaller than `effect`: more pairs would not change the verdict. */
  readonly certain: boolean;
}

export const defaultRules = { effect: 0.05, falseAlarm: 0.0015, looks: [12, 24, 48] } as const;

/** What the pairs so far say. Throws RangeError for none and for values that are not above 0. */
export function decide(pairs: readonly Pair[], rules: VerdictRules): Verdict {
  const { better, effect = defaultRules.effect, falseAlarm = defaultRules.falseAlarm } = rules;
  const looks = rules.looks ?? defaultRules.looks;
  const wrong = pairs.find(({ a, b }) => !(a > 0 && b > 0));
  if (wrong !== undefined)
    throw new RangeError(`Measured values must be above 0: ${String(wrong.a)}, ${String(wrong.b)}`);
  const { estimate, low, high } = shiftOf(
    pairs.map(({ a, b }) => Math.log(b / a)),
    falseAlarm / looks.length,
  );
  const least = Math.log1p(effect);
  const isChange = (low > 0 || high < 0) && Math.abs(estimate) >= least;
  const isWorse = better === 'higher' ? estimate < 0 : estimate > 0;
  return {
    verdict: !isChange ? 'no change' : isWorse ? 'regression' : 'improvement',
    change: Math.expm1(estimate),
    low: Math.expm1(low),
    high: Math.expm1(high),
    pairs: pairs.length,
    certain: isChange || (low > -least && high < least),
  };
}
