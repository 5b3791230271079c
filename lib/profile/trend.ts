import type { NativePhaseSummary } from '../native-statistics-types.js';

/** Changes of less are no change. */
const band = 0.05;
const msPerMinute = 60_000;

export interface Trend {
  readonly direction: 'stable' | 'increasing' | 'decreasing';
  /** From the mean of the window's older half to that of its newer. */
  readonly percent: number;
  /** Milliseconds per minute, by linear regression over the slots, weighted by their counts. */
  readonly slopePerMinute: number;
}

type Slots = NativePhaseSummary['slots'];

function meanOf(slots: Slots): number {
  const count = slots.reduce((sum, slot) => sum + slot.count, 0);
  return slots.reduce((sum, slot) => sum + slot.mean * slot.count, 0) / count;
}

function slopeOf(slots: Slots): number {
  const weight = slots.reduce((sum, { count }) => sum + count, 0);
  const x = slots.reduce((sum, { count, ageMs }) => sum - count * ageMs, 0) / weight;
  const y = slots.reduce((sum, { count, mean }) => sum + count * mean, 0) / weight;
  let [covariance, variance] = [0, 0];
  for (const { count, ageMs, mean } of slots) {
    covariance += count * (-ageMs - x) * (mean - y);
    variance += count * (-ageMs - x) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * msPerMinute;
}

/** Undefined when less than two slots have something. */
export function trendOf(slots: Slots): Trend | undefined {
  if (slots.length < 2) return undefined;
  const half = Math.ceil(slots.length / 2);
  const [older, newer] = [meanOf(slots.slice(0, half)), meanOf(slots.slice(half))];
  const change = older === 0 ? 0 : newer / older - 1;
  const direction = Math.abs(change) < band ? 'stable' : change > 0 ? 'increasing' : 'decreasing';
  return { direction, percent: change * 100, slopePerMinute: slopeOf(slots) };
}
