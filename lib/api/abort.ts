/** Callbacks by signal. Node warns of a leak at the eleventh listener, and batching means many generations per signal. */
const callbacksBySignal = new WeakMap<AbortSignal, Set<() => void>>();

function runAll(this: AbortSignal): void {
  const callbacks = callbacksBySignal.get(this);
  callbacksBySignal.delete(this);
  for (const callback of callbacks ?? []) callback();
}

/** Calls back once when the signal aborts; the returned function ends that. REQUIRES: not aborted, must not throw. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = callbacksBySignal.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    callbacksBySignal.set(signal, callbacks);
    signal.addEventListener('abort', runAll, { once: true });
  }
  callbacks.add(callback);
  return () => {
    const current = callbacksBySignal.get(signal);
    if (current?.delete(callback) !== true || current.size > 0) return;
    callbacksBySignal.delete(signal);
    signal.removeEventListener('abort', runAll);
  };
}

/** The promise, or a rejection with the signal's reason as soon as that aborts; `cancel` then stops the work itself. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  cancel: () => void = () => undefined,
): Promise<T> {
  if (signal === undefined) return work;
  let release: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    else release = onAbort(signal, fail);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    release();
  }
}
