import type { QueuePosition } from '../api/types.js';
import type { SpanContext } from '@opentelemetry/api';
import type { RequestScheduling } from './request-scheduling.js';

const rememberedMs = 10 * 60_000;
const mostRemembered = 10_000;

/** 'open' until every generation of it has ended; 'done' when all ended well; 'failed' when refused, too. */
export type RequestState = 'open' | 'done' | 'failed';

/** One valid request, as others see it. */
export class RequestRecord {
  #state: RequestState = 'open';
  #position: () => QueuePosition | undefined = () => undefined;
  #modelId: string | undefined;
  #listeners = new Set<() => void>();
  readonly #onSettled: (record: RequestRecord, outcome: 'done' | 'failed') => void;

  constructor(
    readonly id: string,
    readonly scheduling: RequestScheduling,
    /** Undefined while tracing is off. */
    readonly spanContext: SpanContext | undefined,
    onSettled: (record: RequestRecord, outcome: 'done' | 'failed') => void,
  ) {
    this.#onSettled = onSettled;
  }

  get state(): RequestState {
    return this.#state;
  }

  /** The model that it was submitted to. */
  get modelId(): string | undefined {
    return this.#modelId;
  }

  /** Where it stands; undefined until it was submitted: it waits for others, or for its model to be loaded. */
  get position(): QueuePosition | undefined {
    return this.#position();
  }

  /** It was submitted; from here on its generations say where it stands. */
  follow(modelId: string, position: () => QueuePosition | undefined): void {
    this.#modelId = modelId;
    this.#position = position;
  }

  /** Only the first call counts. */
  settle(outcome: 'done' | 'failed'): void {
    if (this.#state !== 'open') return;
    this.#state = outcome;
    this.#position = () => undefined;
    this.#onSettled(this, outcome);
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }

  /** REQUIRES: open. Calls back once when it is not any more; the returned function ends that. */
  whenSettled(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

/**
 * The requests of one server by id: those that run or wait, and for ten minutes how those ended that others may depend on.
 * An id that is used again means the later request.
 */
export class RequestLedger {
  readonly #records = new Map<string, RequestRecord>();
  /** In the order of their ends, with the times of these; apart, so that a flood of refusals displaces no success. */
  readonly #ended = { done: new Map<RequestRecord, number>(), failed: new Map<RequestRecord, number>() };

  open(id: string, scheduling: RequestScheduling, spanContext?: SpanContext): RequestRecord {
    const record = new RequestRecord(id, scheduling, spanContext, (ended, outcome) => {
      const now = performance.now();
      this.#ended[outcome].set(ended, now);
      this.#forget(this.#ended[outcome], now);
    });
    this.#records.set(id, record);
    return record;
  }

  find(id: string): RequestRecord | undefined {
    const now = performance.now();
    this.#forget(this.#ended.done, now);
    this.#forget(this.#ended.failed, now);
    return this.#records.get(id);
  }

  #forget(ended: Map<RequestRecord, number>, now: number): void {
    for (const [record, endedMs] of ended) {
      if (ended.size <= mostRemembered && now - endedMs < rememberedMs) return;
      ended.delete(record);
      if (this.#records.get(record.id) === record) this.#records.delete(record.id);
    }
  }
}
