/**
 * Where the middle of paired differences lies: the Hodges-Lehmann estimate and its exact confidence interval, the inverse
 * of Wilcoxon's signed-rank test. Nothing is assumed about the noise but that it is as likely up as down by the same
 * amount, which interleave.ts makes true by tossing a coin for the order of each pair.
 */
import type { Interval } from './bootstrap.js';
import { median } from './stats.js';

/** Of all pairs of differences, each also with itself: their means, ascending. */
function walshAverages(differences: readonly number[]): number[] {
  return differences
    .flatMap((first, index) => differences.slice(index).map((second) => (first + second) / 2))
    .sort((a, b) => a - b);
}

/** The probability of every rank sum of n fair coins, from 0 to n(n+1)/2. */
function rankSumProbabilities(n: number): Float64Array {
  const probabilities = new Float64Array((n * (n + 1)) / 2 + 1);
  probabilities[0] = 1;
  for (let rank = 1, top = 0; rank <= n; rank++) {
    top += rank;
    for (let sum = top; sum >= 0; sum--) {
      const without = probabilities[sum] ?? 0;
      const withRank = sum >= rank ? (probabilities[sum - rank] ?? 0) : 0;
      probabilities[sum] = (without + withRank) / 2;
    }
  }
  return probabilities;
}

/** How many rank sums from 0 upwards are together no more likely than this. */
function unlikelySums(n: number, probability: number): number {
  let total = 0;
  let count = 0;
  for (const one of rankSumProbabilities(n)) {
    total += one;
    if (total > probability) break;
    count++;
  }
  return count;
}

export interface Shift extends Interval {
  readonly estimate: number;
}

/**
 * `alpha` is the chance that the interval misses, both sides together. With too few differences for it the interval is
 * unbounded: 12 are needed for 0.0005, 6 for 0.05. Throws RangeError for none.
 */
export function shiftOf(differences: readonly number[], alpha: number): Shift {
  const averages = walshAverages(differences);
  const outside = unlikelySums(differences.length, alpha / 2);
  const low = outside === 0 ? -Infinity : (averages[outside - 1] ?? -Infinity);
  const high = outside === 0 ? Infinity : (averages[averages.length - outside] ?? Infinity);
  return { estimate: median(averages), low, high };
}
