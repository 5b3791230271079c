import type { TokenStream } from '../api/token-sink.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ResolvedLimits } from './server-limits.js';

/** How far a generation had come at the last look, and since when it has not come further. */
interface Progress {
  computedTokens: number;
  sinceMs: number;
}

/**
 * How long the generations of one answer compute, seen by looking now and then. Time counts while a sequence has them: not
 * while they wait in the queue, for their prompt to be prepared or parked for others.
 *
 * The next token is waited for only once there is a first one, since a prompt takes as long as it is long, and not while
 * a client that does not read has it paused. The whole answer may not take longer however that comes.
 */
export class AnswerTimer {
  readonly #limits: Pick<ResolvedLimits, 'inferenceTimeoutMs' | 'tokenTimeoutMs'>;
  readonly #progress = new Map<TokenStream, Progress>();
  #lookedMs: number | undefined;
  #computedMs = 0;

  constructor(limits: Pick<ResolvedLimits, 'inferenceTimeoutMs' | 'tokenTimeoutMs'>) {
    this.#limits = limits;
  }

  /** The error with which the answer is to end, if it takes too long. */
  overdue(now: number, streams: readonly TokenStream[], isPaused: boolean): ErrorReply | undefined {
    const { inferenceTimeoutMs, tokenTimeoutMs } = this.#limits;
    if (inferenceTimeoutMs === 0 && tokenTimeoutMs === 0) return undefined;
    let [runs, stands] = [false, false];
    for (const stream of streams) {
      const position = stream.position();
      if (position?.state !== 'running') {
        this.#progress.delete(stream);
        continue;
      }
      runs = true;
      const mayStand = isPaused || position.answeredTokens === 0;
      const standsMs = this.#standsMs(stream, position.computedTokens, now, mayStand);
      stands ||= tokenTimeoutMs > 0 && standsMs > tokenTimeoutMs;
    }
    if (runs && this.#lookedMs !== undefined) this.#computedMs += now - this.#lookedMs;
    this.#lookedMs = runs ? now : undefined;
    if (stands) {
      const message = `The next token of the answer did not come within ${String(tokenTimeoutMs / 1000)} seconds.`;
      return errorReply('token_timeout', message);
    }
    if (inferenceTimeoutMs === 0 || this.#computedMs <= inferenceTimeoutMs) return undefined;
    const message = `The answer was not complete after computing for ${String(inferenceTimeoutMs / 1000)} seconds.`;
    return errorReply('inference_timeout', message);
  }

  #standsMs(stream: TokenStream, computedTokens: number, now: number, mayStand: boolean): number {
    const progress = this.#progress.get(stream);
    if (progress === undefined) {
      this.#progress.set(stream, { computedTokens, sinceMs: now });
      return 0;
    }
    if (mayStand || computedTokens !== progress.computedTokens) {
      progress.computedTokens = computedTokens;
      progress.sinceMs = now;
    }
    return now - progress.sinceMs;
  }
}
