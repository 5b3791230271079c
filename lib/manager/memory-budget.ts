import { freemem, totalmem } from 'node:os';

/** What of the memory that this process may use goes to models unless told otherwise. */
const defaultShare = 0.9;
/** macOS counts what it would give back at once as used. */
const knowsFreeMemory = process.platform !== 'darwin';

/** The machine's memory, or what the container's limit leaves of it. */
export function usableMemoryBytes(): number {
  // 0 or a number beyond all memory stands for "no limit".
  const limit = process.constrainedMemory();
  const total = totalmem();
  return limit > 0 && limit < total ? limit : total;
}

/** The memory that models may hold together. */
export class MemoryBudget {
  readonly #asked: number | undefined;

  /** Undefined for 90 % of what this process may use, less what others use at the time. */
  constructor(bytes: number | undefined) {
    if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes > 0)) {
      throw new RangeError(`Expected a whole number from 1 for memoryBudgetBytes but received ${String(bytes)}.`);
    }
    this.#asked = bytes;
  }

  /** For admitting one more, while models hold `heldBytes`. */
  limitBytes(heldBytes: number): number {
    const limit = this.ceilingBytes();
    if (this.#asked !== undefined || !knowsFreeMemory) return limit;
    return Math.min(limit, Math.floor((heldBytes + freemem()) * defaultShare));
  }

  /** Whatever others use. */
  ceilingBytes(): number {
    return this.#asked ?? Math.floor(usableMemoryBytes() * defaultShare);
  }
}
