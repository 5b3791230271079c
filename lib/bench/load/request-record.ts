/** Everything that is known about one request of a load. Times are milliseconds from the start of the load. */
import { percentile } from '../measure/stats.js';
import type { AnswerObserver, RequestFailure, Usage } from './transport.js';

/** `cancelled`: left as planned. `aborted`: cut off because the load was stopped. */
export type Outcome = 'ok' | 'failed' | 'cancelled' | 'aborted';

export interface RequestRecord {
  readonly index: number;
  /** When it should have been sent. All latencies count from here: a client that is late must not look fast. */
  readonly intendedAt: number;
  /** Null when it was not sent. */
  readonly sentAt: number | null;
  readonly firstByteAt: number | null;
  /** Arrival of each piece of text; usually a token each, but a server may put several in one. */
  readonly tokenTimes: readonly number[];
  readonly endedAt: number;
  /** HTTP's; 0 when none came. */
  readonly status: number;
  readonly outcome: Outcome;
  readonly failure: RequestFailure | null;
  /** Of the answer: from the server's usage, else the pieces counted. */
  readonly tokens: number;
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
}

/** From the intended sending to the first piece of text; undefined when none came. */
export function timeToFirstToken({ intendedAt, tokenTimes }: RequestRecord): number | undefined {
  const [first] = tokenTimes;
  return first === undefined ? undefined : first - intendedAt;
}

/** Between neighbouring pieces of text: what a reader of the stream sees. */
export function gapsOf({ tokenTimes }: RequestRecord): number[] {
  return tokenTimes.slice(1).map((at, index) => at - (tokenTimes[index] ?? at));
}

/** What a user would call fast enough. */
export interface LatencyTargets {
  readonly firstTokenMs: number;
  /** Of the 95th percentile of a request's own gaps. */
  readonly interTokenP95Ms: number;
}

/** A complete answer that was fast enough. */
export function meets(record: RequestRecord, { firstTokenMs, interTokenP95Ms }: LatencyTargets): boolean {
  const first = timeToFirstToken(record);
  if (record.outcome !== 'ok' || first === undefined || first > firstTokenMs) return false;
  const gaps = gapsOf(record);
  return gaps.length === 0 || percentile(gaps, 0.95) <= interTokenP95Ms;
}

/** Collects what a transport observes of one request. */
export class RequestRecorder implements AnswerObserver {
  readonly #index: number;
  readonly #intendedAt: number;
  readonly #startedAt: number;
  readonly #onPiece: (pieces: number) => void;
  readonly #onRecord: (record: RequestRecord) => void;
  readonly #tokenTimes: number[] = [];
  #sentAt: number | null = null;
  #firstByteAt: number | null = null;
  #usage: Usage | undefined;
  #hasEnded = false;

  constructor(
    request: { readonly index: number; readonly intendedAt: number; readonly startedAt: number },
    onPiece: (pieces: number) => void,
    onRecord: (record: RequestRecord) => void,
  ) {
    this.#index = request.index;
    this.#intendedAt = request.intendedAt;
    this.#startedAt = request.startedAt;
    this.#onPiece = onPiece;
    this.#onRecord = onRecord;
  }

  onSent(at: number): void {
    this.#sentAt = at - this.#startedAt;
  }

  onFirstByte(at: number): void {
    this.#firstByteAt = at - this.#startedAt;
  }

  onText(at: number): void {
    // The piece that made the client leave may hold more text.
    if (this.#hasEnded) return;
    this.#tokenTimes.push(at - this.#startedAt);
    this.#onPiece(this.#tokenTimes.length);
  }

  onUsage(usage: Usage): void {
    this.#usage = usage;
  }

  onEnd(at: number, status: number, failure: RequestFailure | undefined): void {
    this.end(at, failure === undefined ? 'ok' : 'failed', status, failure);
  }

  /** Also for what ends without the server's doing. Only the first end counts. */
  end(at: number, outcome: Outcome, status: number, failure?: RequestFailure): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onRecord({
      index: this.#index,
      intendedAt: this.#intendedAt,
      sentAt: this.#sentAt,
      firstByteAt: this.#firstByteAt,
      tokenTimes: this.#tokenTimes,
      endedAt: at - this.#startedAt,
      status,
      outcome,
      failure: failure ?? null,
      tokens: this.#usage?.completionTokens ?? this.#tokenTimes.length,
      promptTokens: this.#usage?.promptTokens ?? null,
      cachedTokens: this.#usage?.cachedTokens ?? null,
    });
  }
}
