/** Who holds memory, as far as making room is concerned. */
export interface MemoryHolder {
  readonly id: string;
  readonly bytes: number;
  /** It unloads already, or will when its generations have ended. */
  readonly isLeaving: boolean;
  readonly isEvictable: boolean;
  /** Generations run or wait. */
  readonly isBusy: boolean;
  readonly lastUsedMs: number;
}

export interface RoomRequest {
  readonly needBytes: number;
  readonly limitBytes: number;
  /** Promised to others that wait for those who leave. */
  readonly pledgedBytes: number;
  /** Whether somebody may be made to leave for it. */
  readonly mayEvict: boolean;
}

export type RoomPlan<T> =
  | { readonly kind: 'fits' }
  /** There is room once these, and those who leave already, have left. */
  | { readonly kind: 'wait'; readonly victims: readonly T[] }
  /** Not even if everybody left who may. */
  | { readonly kind: 'impossible'; readonly freeBytes: number };

function sum(holders: readonly MemoryHolder[]): number {
  return holders.reduce((bytes, holder) => bytes + holder.bytes, 0);
}

/** Idle ones first, because they leave at once; then the one that was used longest ago. */
function leavingOrder(a: MemoryHolder, b: MemoryHolder): number {
  return Number(a.isBusy) - Number(b.isBusy) || a.lastUsedMs - b.lastUsedMs;
}

/** Whether a newcomer fits, and if not, whose leaving makes it fit. No more leave than is needed. */
export function planRoom<T extends MemoryHolder>(request: RoomRequest, holders: readonly T[]): RoomPlan<T> {
  const { needBytes, limitBytes, pledgedBytes, mayEvict } = request;
  const staying = holders.filter((holder) => !holder.isLeaving);
  let excess = sum(staying) + pledgedBytes + needBytes - limitBytes;
  if (excess <= 0) return sum(holders) + needBytes <= limitBytes ? { kind: 'fits' } : { kind: 'wait', victims: [] };
  if (!mayEvict) return { kind: 'wait', victims: [] };
  const victims: T[] = [];
  for (const holder of staying.filter((one) => one.isEvictable).sort(leavingOrder)) {
    victims.push(holder);
    excess -= holder.bytes;
    if (excess <= 0) return { kind: 'wait', victims };
  }
  return { kind: 'impossible', freeBytes: Math.max(0, needBytes - excess) };
}
