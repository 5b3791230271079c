/**
 * The load generator. Requests are sent when the arrival process says, not when the server is ready for them, and every
 * latency counts from the intended time: a server that stalls is charged for all who came meanwhile (no coordinated
 * omission), and so is a client that is late, which the summary shows.
 */
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { arrivalTimes, type Arrivals, type OpenArrivals } from './arrivals.js';
import { GeneratorWatch } from './generator-watch.js';
import { SummaryBuilder, type LoadSummary } from './load-summary.js';
import { RequestRecorder, type LatencyTargets, type RequestRecord } from './request-record.js';
import type { LoadRequest, OpenRequest, RequestFailure, Transport } from './transport.js';

export interface LoadOptions {
  readonly transport: Transport;
  readonly arrivals: Arrivals;
  /** The n-th request, from 0, warm-up included. */
  readonly requestAt: (index: number) => LoadRequest;
  /** How many are sent, and for how long; at least one of both. What is open then is waited for. */
  readonly requests?: number;
  readonly durationMs?: number;
  /** The first so many are sent like all others but do not count. Default 0. */
  readonly warmUpRequests?: number;
  /** Answers that take longer are cut off and count as failed. Default 300,000. */
  readonly timeoutMs?: number;
  /** With so many open the next are not sent and count as failed, so that an overload has an end. Default 4,096. */
  readonly maxOpen?: number;
  readonly targets?: LatencyTargets;
  /** Stops sending and cuts off what is open; the result says what was measured until then. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Every request that has ended, with those of the warm-up. */
  readonly onRecord?: (record: RequestRecord) => void;
  /** So many of the first records that count are returned. Default 10,000. */
  readonly keepRecords?: number;
  /** So many of each latency are kept for percentiles; beyond that a fair selection. Default 1,000,000. */
  readonly keepSamples?: number;
}

export interface LoadProgress {
  readonly elapsedMs: number;
  readonly sent: number;
  readonly open: number;
  readonly ended: number;
  readonly failed: number;
  readonly tokens: number;
}

export interface LoadResult {
  readonly summary: LoadSummary;
  /** In the order in which they ended. */
  readonly records: readonly RequestRecord[];
}

const defaults = { timeoutMs: 300_000, maxOpen: 4096, keepRecords: 10_000 } as const;
const progressEveryMs = 200;
/** A generator that is behind sends so many at once before it looks at its sockets again. */
const burst = 32;

const tooManyOpen: RequestFailure = { kind: 'not sent', message: 'Too many requests were open.' };

class LoadRun {
  readonly #options: LoadOptions;
  readonly #startedAt = performance.now();
  readonly #summary: SummaryBuilder;
  readonly #records: RequestRecord[] = [];
  readonly #open = new Map<number, (outcome: 'aborted') => void>();
  /** Ends sending; never the requests that are open. */
  readonly #over = new AbortController();
  #sent = 0;
  #ended = 0;
  #failed = 0;
  #tokens = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#summary = new SummaryBuilder(options.targets, options.keepSamples);
  }

  async run(): Promise<LoadResult> {
    const { signal, onProgress, arrivals, durationMs } = this.#options;
    const watch = new GeneratorWatch();
    const stop = (): void => {
      this.#over.abort();
      for (const leave of [...this.#open.values()]) leave('aborted');
    };
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    const tell = (): void => onProgress?.(this.#progress());
    const progress = onProgress && setInterval(tell, progressEveryMs);
    const clock =
      durationMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#over.abort();
          }, durationMs);
    try {
      await (arrivals.kind === 'closed' ? this.#sendClosed(arrivals.concurrency) : this.#sendOpen(arrivals));
    } finally {
      clearTimeout(clock);
      clearInterval(progress);
      signal?.removeEventListener('abort', stop);
      this.#options.transport.close();
    }
    tell();
    return { summary: this.#summary.summary((lateness) => watch.health(lateness)), records: this.#records };
  }

  async #sendOpen(arrivals: OpenArrivals): Promise<void> {
    const { signal } = this.#over;
    const answers = new Set<Promise<void>>();
    let atOnce = 0;
    for (const intendedAt of arrivalTimes(arrivals)) {
      if (this.#isOver(intendedAt)) break;
      if (++atOnce % burst === 0) await turn();
      // Timers may be early by the fraction of a millisecond, but nothing is sent before its time.
      for (let wait = 1; wait > 0 && !signal.aborted;) {
        wait = intendedAt - this.#elapsed();
        if (wait > 0) await delay(wait, undefined, { signal }).catch(() => undefined);
      }
      if (signal.aborted) break;
      const answer = this.#send(intendedAt);
      answers.add(answer);
      void answer.then(() => answers.delete(answer));
    }
    await Promise.all(answers);
  }

  async #sendClosed(concurrency: number): Promise<void> {
    const sendOneAfterTheOther = async (): Promise<void> => {
      while (!this.#isOver(this.#elapsed())) await this.#send(this.#elapsed());
    };
    await Promise.all(Array.from({ length: concurrency }, sendOneAfterTheOther));
  }

  #isOver(at: number): boolean {
    const { requests = Infinity, durationMs = Infinity } = this.#options;
    return this.#over.signal.aborted || this.#sent >= requests || at >= durationMs;
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  /** Resolves when the request has ended, whichever way. */
  async #send(intendedAt: number): Promise<void> {
    const { transport, requestAt, timeoutMs = defaults.timeoutMs, maxOpen = defaults.maxOpen } = this.#options;
    const index = this.#sent++;
    const request = requestAt(index);
    const leaveAfter = request.cancelAfterPieces ?? Infinity;
    await new Promise<void>((resolve) => {
      const under: { exchange?: OpenRequest; timer?: NodeJS.Timeout } = {};
      const leave = (outcome: 'failed' | 'cancelled' | 'aborted', failure?: RequestFailure): void => {
        under.exchange?.cancel();
        recorder.end(performance.now(), outcome, 0, failure);
      };
      const recorder = new RequestRecorder(
        { index, intendedAt, startedAt: this.#startedAt },
        (pieces) => {
          if (pieces >= leaveAfter) leave('cancelled');
        },
        (record) => {
          clearTimeout(under.timer);
          this.#open.delete(index);
          this.#onRecord(record);
          resolve();
        },
      );
      if (this.#open.size >= maxOpen) {
        leave('failed', tooManyOpen);
        return;
      }
      const message = `No complete answer within ${String(timeoutMs)} ms.`;
      under.timer = setTimeout(leave, timeoutMs, 'failed', { kind: 'timeout', message });
      this.#open.set(index, leave);
      under.exchange = transport.send(request, recorder);
      if (leaveAfter <= 0) leave('cancelled');
      // A transport inside this process may have brought enough before it returned.
      else if (!this.#open.has(index)) under.exchange.cancel();
    });
  }

  #onRecord(record: RequestRecord): void {
    const { onRecord, warmUpRequests = 0, keepRecords = defaults.keepRecords } = this.#options;
    this.#ended++;
    this.#tokens += record.tokens;
    if (record.outcome === 'failed') this.#failed++;
    onRecord?.(record);
    if (record.index < warmUpRequests) return;
    this.#summary.add(record);
    if (this.#records.length < keepRecords) this.#records.push(record);
  }

  #progress(): LoadProgress {
    const open = this.#open.size;
    const counts = { sent: this.#sent, open, ended: this.#ended, failed: this.#failed, tokens: this.#tokens };
    return { elapsedMs: this.#elapsed(), ...counts };
  }
}

function checkCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return;
  throw new RangeError(`Expected a whole number from 1 for ${name} but received ${String(value)}`);
}

/** Rejects with RangeError for options that make no sense; whatever the server does is in the result. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { arrivals, requests, durationMs, maxOpen } = options;
  checkCount('requests', requests);
  checkCount('maxOpen', maxOpen);
  if (arrivals.kind === 'closed') {
    checkCount('concurrency', arrivals.concurrency);
    if (arrivals.concurrency > (maxOpen ?? defaults.maxOpen)) throw new RangeError('More at once than may be open.');
  }
  if (requests === undefined && !(durationMs !== undefined && durationMs > 0)) {
    throw new RangeError('A load needs a number of requests or a duration.');
  }
  return new LoadRun(options).run();
}
