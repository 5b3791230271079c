import type { Context, Link, SpanContext } from '@opentelemetry/api';
import type { EndedLoad } from '../manager/model-manager.js';
import { engineClockUs } from '../profile/request-recorder.js';

/** A request that waits, as far as it matters here. */
interface WaitingRequest {
  readonly context: Context;
}

interface LastLoad {
  readonly context: SpanContext;
  readonly endUs: number;
}

/** Who waits for which model, and by which span it was loaded: the loading belongs to who waited first, others link to it. */
export class ModelLoads {
  readonly #waiting = new Map<string, Set<WaitingRequest>>();
  readonly #last = new Map<string, LastLoad>();

  begin(modelId: string, request: WaitingRequest): void {
    const waiting = this.#waiting.get(modelId);
    if (waiting === undefined) this.#waiting.set(modelId, new Set([request]));
    else waiting.add(request);
  }

  end(modelId: string, request: WaitingRequest): void {
    const waiting = this.#waiting.get(modelId);
    waiting?.delete(request);
    if (waiting?.size === 0) this.#waiting.delete(modelId);
  }

  firstWaiting(modelId: string): WaitingRequest | undefined {
    const [first] = this.#waiting.get(modelId) ?? [];
    return first;
  }

  loaded({ modelId, endedMs }: EndedLoad, context: SpanContext): void {
    this.#last.set(modelId, { context, endUs: engineClockUs(endedMs) });
  }

  /** To the loading that ended after `sinceUs`, unless that is part of the same trace. */
  linksOf(modelId: string, sinceUs: number, traceId: string): Link[] {
    const last = this.#last.get(modelId);
    if (last === undefined || last.endUs < sinceUs || last.context.traceId === traceId) return [];
    return [{ context: last.context }];
  }
}
