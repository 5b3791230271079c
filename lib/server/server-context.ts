import type { Admission } from './admission.js';
import type { BackgroundService } from '../background/background-service.js';
import type { ApiKeys } from './api-keys.js';
import type { Cors } from './cors.js';
import type { ExchangeRegistry } from './exchange-registry.js';
import type { HostCheck } from './host-check.js';
import type { RequestMeter } from './metrics/request-meter.js';
import type { ModelCatalog } from './model-catalog.js';
import type { PriorityPolicy } from './priority-policy.js';
import type { ServerTracing } from '../tracing/server-tracing.js';
import type { QueueHealthThresholds } from './queue-health.js';
import type { RequestLedger } from './request-ledger.js';
import type { ResponseStore } from './responses/response-store.js';
import type { ResolvedDefaults } from './request-defaults.js';
import type { ResolvedLimits } from './server-limits.js';
import type { CountedSessions } from './sessions/session-counts.js';
import type { ResolvedTokenBatching } from './frame-batching.js';

/** What every request of one server shares. */
export interface ServerContext {
  /** When the server was made, by `performance.now()`. */
  readonly startedMs: number;
  readonly limits: ResolvedLimits;
  /** For requests that do not say. */
  readonly defaults: ResolvedDefaults;
  /** GET /slots answers. */
  readonly slots: boolean;
  /** Answers are compressed for clients that take that. */
  readonly compression: boolean;
  readonly keys: ApiKeys;
  readonly cors: Cors;
  readonly hosts: HostCheck;
  readonly catalog: ModelCatalog;
  readonly exchanges: ExchangeRegistry;
  /** Clients that get several messages: over WebSockets, and streams of named events. */
  readonly sessions: { readonly webSocket: CountedSessions; readonly events: CountedSessions };
  readonly tokenBatching: ResolvedTokenBatching;
  readonly priorities: PriorityPolicy;
  readonly admission: Admission;
  readonly ledger: RequestLedger;
  /** What POST /v1/responses answered. */
  readonly responses: ResponseStore;
  readonly queueHealth: QueueHealthThresholds;
  /** Undefined when nothing is measured. */
  readonly meter: RequestMeter | undefined;
  /** Where POST /metrics/profiles/baseline saves it. */
  readonly baselineFile: string | undefined;
  /** Undefined when it is switched off. */
  readonly background: BackgroundService | undefined;
  /** Undefined when it is switched off. */
  readonly tracing: ServerTracing | undefined;
}
