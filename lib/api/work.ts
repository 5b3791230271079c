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

/** Several pieces of work as one: their results in order, or the first failure, which cancels the others. */
export function allWork<Result>(works: readonly Work<Result>[]): Work<Result[]> {
  const cancel = (): void => {
    for (const work of works) work.cancel();
  };
  const promise = Promise.all(works.map(async (work) => work.promise)).catch((error: unknown) => {
    cancel();
    throw error;
  });
  return { promise, cancel };
}
