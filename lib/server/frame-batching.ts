/** How tokens of streamed answers are gathered into frames, for clients that would rather have fewer of them. */
export interface TokenBatchingOptions {
  /** For streams that do not say; default false. Over WebSockets and /v1/stream/sse each stream may. */
  readonly enabled?: boolean;
  /** Tokens of one frame, 1 to 100; default 3. */
  readonly maxTokens?: number;
  /** How long the first token of a frame waits for more, 1 to 60,000; default 50. */
  readonly maxDelayMs?: number;
}

export interface ResolvedTokenBatching {
  readonly enabled: boolean;
  readonly frames: FrameBatching;
}

/** Calls back once after so many milliseconds, unless what it returns is called before. */
export type StartTimer = (callback: () => void, ms: number) => () => void;

export interface FrameBatching {
  readonly maxTokens: number;
  readonly maxDelayMs: number;
  readonly startTimer: StartTimer;
}

const startTimer: StartTimer = (callback, ms) => {
  const timer = setTimeout(callback, ms);
  return () => {
    clearTimeout(timer);
  };
};

const mostTokens = 100;
const longestMs = 60_000;

function wholeNumber(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  const expected = `a whole number from 1 to ${String(most)}`;
  throw new RangeError(`Expected ${expected} for tokenBatching.${name} but received ${String(value)}.`);
}

/** @throws RangeError for what is out of range. */
export function resolveTokenBatching(option: boolean | TokenBatchingOptions = {}): ResolvedTokenBatching {
  const {
    enabled = false,
    maxTokens = 3,
    maxDelayMs = 50,
  } = typeof option === 'boolean' ? { enabled: option } : option;
  const frames = {
    maxTokens: wholeNumber('maxTokens', maxTokens, mostTokens),
    maxDelayMs: wholeNumber('maxDelayMs', maxDelayMs, longestMs),
    startTimer,
  };
  return { enabled, frames };
}

/** For one stream; undefined: what comes in one step of the engine is one frame. */
export function framesFor(
  { enabled, frames }: ResolvedTokenBatching,
  asked: boolean | undefined,
): FrameBatching | undefined {
  return (asked ?? enabled) ? frames : undefined;
}
