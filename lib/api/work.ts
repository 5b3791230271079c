/** Something that a model is computing. */
export interface Work<Result> {
  readonly promise: Promise<Result>;
  /** The promise then rejects with code 'cancelled', once what is being computed is done. Idempotent. */
  readonly cancel: () => void;
}

/** How work shares its model with other work. */
export interface WorkScheduling {
  /** Index into `tiers`. */
  readonly tier: number;
  /** Whose fair share it counts against; empty = everybody who gave none. */
  readonly user: string;
  /** Milliseconds from now until it must have started; 0 = none. */
  readonly deadlineMs: number;
}
