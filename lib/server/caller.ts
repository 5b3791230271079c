import type { HttpRequest } from 'uWebSockets.js';
import type { ApiKeys } from './api-keys.js';

/** What the headers of a request say about who sent it and how it wants to be scheduled, as they were sent. */
export interface Caller {
  /** Index of its key among the server's; -1 for none. */
  readonly key: number;
  /** `X-Inferno-Priority`; empty when there is none. */
  readonly priority: string;
  /** `X-Inferno-Deadline-Ms`; empty when there is none. */
  readonly deadlineMs: string;
  /** `Idempotency-Key`; empty when there is none. */
  readonly idempotencyKey: string;
}

/** Anthropic's header for keys, which llama-server takes, too. */
function bearerOf(key: string): string {
  return key === '' ? '' : `Bearer ${key}`;
}

/** REQUIRES: inside the handler that uWebSockets.js gave the request to. */
export function callerOf(req: HttpRequest, keys: ApiKeys): Caller {
  return {
    key: keys.indexOf(req.getHeader('authorization') || bearerOf(req.getHeader('x-api-key'))),
    priority: req.getHeader('x-inferno-priority'),
    deadlineMs: req.getHeader('x-inferno-deadline-ms'),
    idempotencyKey: req.getHeader('idempotency-key'),
  };
}
