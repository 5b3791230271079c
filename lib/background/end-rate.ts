/** How much of the newest gap goes into the mean. */
const newestShare = 0.1;

/** How fast work ends while there is any: the mean time between two ends, newer ones counting more. */
export class EndRate {
  #meanGapMs: number | undefined;
  /** Of the last end, if something has been running since. */
  #lastMs: number | undefined;

  ended(nowMs: number, isBusy: boolean): void {
    if (this.#lastMs !== undefined) {
      const gapMs = nowMs - this.#lastMs;
      this.#meanGapMs =
        this.#meanGapMs === undefined ? gapMs : this.#meanGapMs + newestShare * (gapMs - this.#meanGapMs);
    }
    this.#lastMs = isBusy ? nowMs : undefined;
  }

  /** Until so many more have ended; undefined before anything was measured. */
  timeFor(count: number): number | undefined {
    return this.#meanGapMs === undefined ? undefined : Math.round(this.#meanGapMs * count);
  }
}
