import type { RequestProfile } from './request-profile.js';

const slotMs = 10_000;
/** An hour. */
const slotCount = 360;

/** What ended within ten seconds. */
export interface TimelinePoint {
  /** Of its beginning, Unix milliseconds. */
  readonly timestampMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly outputTokens: number;
  readonly tokensPerSecond: number;
  /** Mean time of its requests; undefined when there were none. */
  readonly meanMs: number | undefined;
  readonly memoryBytes: number;
}

interface Slot {
  number: number;
  requests: number;
  errors: number;
  outputTokens: number;
  totalMs: number;
  memoryBytes: number;
}

/** The last hour in slots of ten seconds. */
export class Timeline {
  readonly #slots = Array.from({ length: slotCount }, (): Slot => emptySlot(-1));

  add(profile: RequestProfile, nowMs: number): void {
    const number = Math.floor(nowMs / slotMs);
    const slot = this.#slots[number % slotCount];
    if (slot === undefined) return;
    if (slot.number !== number) Object.assign(slot, emptySlot(number));
    slot.requests++;
    if (profile.status >= 500 || profile.outcome === 'error') slot.errors++;
    slot.outputTokens += profile.outputTokens;
    slot.totalMs += profile.totalMs;
    slot.memoryBytes = profile.memoryBytes;
  }

  /** Of the last minutes, oldest first; slots in which nothing ended are there, too. REQUIRES: 1 to 60 minutes. */
  points(minutes: number, nowMs: number): TimelinePoint[] {
    const last = Math.floor(nowMs / slotMs);
    const count = Math.min(slotCount, Math.ceil((minutes * 60_000) / slotMs));
    return Array.from({ length: count }, (_, index) => {
      const number = last - count + 1 + index;
      const kept = this.#slots[number % slotCount];
      return pointOf(kept?.number === number ? kept : emptySlot(number));
    });
  }
}

function emptySlot(number: number): Slot {
  return { number, requests: 0, errors: 0, outputTokens: 0, totalMs: 0, memoryBytes: 0 };
}

function pointOf({ number, requests, errors, outputTokens, totalMs, memoryBytes }: Slot): TimelinePoint {
  return {
    timestampMs: number * slotMs,
    requests,
    errors,
    outputTokens,
    tokensPerSecond: (outputTokens * 1000) / slotMs,
    meanMs: requests === 0 ? undefined : totalMs / requests,
    memoryBytes,
  };
}
