import { tiers } from '../native-types.js';
import type { BackgroundRecord } from './background-record.js';

/** Better tiers first, then whoever was there first. */
function compare(a: BackgroundRecord, b: BackgroundRecord): number {
  const rank = (record: BackgroundRecord): number => tiers.indexOf(record.ticket.scheduling.tier);
  return rank(a) - rank(b) || a.ticket.sequence - b.ticket.sequence;
}

/**
 * Records in the order in which they are to run. A sorted array: a position is a binary search, and moving some thousand
 * pointers for an insertion takes microseconds.
 */
export class WaitingList implements Iterable<BackgroundRecord> {
  readonly #records: BackgroundRecord[] = [];

  get size(): number {
    return this.#records.length;
  }

  add(record: BackgroundRecord): void {
    this.#records.splice(this.#placeOf(record), 0, record);
  }

  /** Does nothing when it is not there. */
  remove(record: BackgroundRecord): void {
    const position = this.positionOf(record);
    if (position !== undefined) this.#records.splice(position, 1);
  }

  /** How many are before it; undefined when it is not there. */
  positionOf(record: BackgroundRecord): number | undefined {
    const place = this.#placeOf(record);
    return this.#records[place] === record ? place : undefined;
  }

  [Symbol.iterator](): IterableIterator<BackgroundRecord> {
    return this.#records.values();
  }

  #placeOf(record: BackgroundRecord): number {
    let [low, high] = [0, this.#records.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#records[middle];
      if (other !== undefined && compare(other, record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
