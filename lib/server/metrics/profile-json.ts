import { throughputOf } from '../../profile/request-profile.js';
import type { RequestProfile } from '../../profile/request-profile.js';

const bytesPerMebibyte = 2 ** 20;

/** One request in GET /metrics/profiles/recent. */
export function profileJson(profile: RequestProfile): Record<string, unknown> {
  const phases = Object.entries(profile.phases).map(([phase, duration]) => ({
    phase,
    duration_ms: duration as number,
  }));
  return {
    request_id: profile.requestId,
    timestamp: profile.timestampMs,
    route: profile.route,
    model_id: profile.model ?? null,
    priority: profile.tier ?? null,
    user: profile.user ?? null,
    stream: profile.stream,
    status: profile.status,
    outcome: profile.outcome,
    error_code: profile.errorCode ?? null,
    trace_id: profile.traceId ?? null,
    total_time_ms: profile.totalMs,
    phases,
    first_token_ms: profile.firstTokenMs ?? null,
    inter_token_ms: profile.interTokenMs ?? null,
    input_tokens: profile.inputTokens,
    cached_tokens: profile.cachedTokens,
    output_tokens: profile.outputTokens,
    drafted_tokens: profile.draftedTokens,
    accepted_tokens: profile.acceptedTokens,
    preemptions: profile.preemptions,
    throughput_tokens_per_sec: throughputOf(profile),
    cpu_memory_used_mb: profile.memoryBytes / bytesPerMebibyte,
  };
}

/** A field of RFC 4180. What a spreadsheet would compute gets an apostrophe in front. */
function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = typeof value === 'string' && /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** One line per request, with a column for each phase. */
export function profilesCsv(profiles: readonly RequestProfile[]): string {
  const rows = profiles.map((profile) => {
    const fields = { ...profileJson(profile) };
    delete fields['phases'];
    const durations = Object.entries(profile.phases).map(([phase, ms]) => [`${phase}_ms`, ms as number] as const);
    return { ...fields, ...Object.fromEntries(durations) } satisfies Record<string, unknown>;
  });
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return lines.map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
}
