import type { BackgroundRecord } from '../background/background-record.js';
import type { BackgroundService } from '../background/background-service.js';

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** JSON of a record without its result. */
export function backgroundSummary(service: BackgroundService, record: BackgroundRecord): Record<string, unknown> {
  const { id, ticket, end } = record;
  const { status, position, etaMs } = service.standingOf(record);
  return {
    id,
    object: 'background',
    status,
    endpoint: ticket.endpoint,
    model: ticket.model,
    created_at: seconds(ticket.createdMs),
    ended_at: end === undefined ? null : seconds(end.endedMs),
    expires_at: end === undefined ? null : seconds(end.endedMs + service.retentionMs),
    priority: ticket.scheduling.tier,
    tags: ticket.scheduling.tags,
    request_id: ticket.requestId,
    retry_count: Math.max(0, record.starts - 1),
    position: position ?? null,
    eta_ms: etaMs ?? null,
  };
}

/** JSON of a record with its result: the answer's own bytes. */
export function backgroundJson(service: BackgroundService, record: BackgroundRecord): string {
  const { response, error } = record.end ?? {};
  const errorValue = error === undefined ? null : (JSON.parse(error) as { readonly error: unknown }).error;
  const start = JSON.stringify({ ...backgroundSummary(service, record), error: errorValue });
  return `${start.slice(0, -1)},"response":${response ?? 'null'}}`;
}
