import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NativePhaseSummary, StatisticsWindow } from '../../native-statistics-types.js';
import { trendOf } from '../../profile/trend.js';
import type { RequestProfile } from '../../profile/request-profile.js';
import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { GetHandler } from '../get-json.js';
import { profileJson, profilesCsv } from '../metrics/profile-json.js';
import { readQuery } from '../metrics/query.js';
import type { RequestMeter } from '../metrics/request-meter.js';
import type { JsonHandler } from '../post-json.js';
import type { ServerContext } from '../server-context.js';

const bytesPerMebibyte = 2 ** 20;
const msPerMinute = 60_000;

/** Answers with an error when nothing is measured. */
function meterOf(exchange: Exchange): RequestMeter | undefined {
  const { meter } = exchange.context;
  if (meter === undefined) exchange.sendError(errorReply('not_found', 'Profiling is switched off on this server.'));
  return meter;
}

function filterOf({ model, priority, outcome }: { model?: string | undefined; priority?: unknown; outcome?: unknown }) {
  return (profile: RequestProfile): boolean =>
    (model === undefined || profile.model === model) &&
    (priority === undefined || profile.tier === priority) &&
    (outcome === undefined || profile.outcome === outcome);
}

/** GET /metrics/profiles/recent */
export const recentProfiles: GetHandler = (exchange, _path, text) => {
  const meter = meterOf(exchange);
  if (meter === undefined) return;
  const read = readQuery(text, ['limit', 'model', 'priority', 'outcome']);
  if ('faults' in read) {
    exchange.sendError(faultsReply(read.faults));
    return;
  }
  const profiles = meter.recent.latest(read.query.limit, filterOf(read.query)).map(profileJson);
  exchange.sendJson(200, JSON.stringify({ profiles, count: profiles.length, timestamp: Date.now() }));
};

/** Of one model: what its engines timed, and what the server did around them. */
function summariesOf(
  meter: RequestMeter,
  { catalog }: ServerContext,
  id: string,
  window: StatisticsWindow,
): NativePhaseSummary[] {
  const served = catalog.ready.find((candidate) => candidate.id === id);
  const [first, ...others] = served?.model.phaseStatistics?.() ?? [];
  // A request's own times are those that its client saw.
  const ofEngine = (first?.summarize(window, others) ?? []).filter(
    ({ phase }) => phase !== 'first_token' && phase !== 'total',
  );
  return [...ofEngine, ...(meter.statisticsOf(id)?.summarize(window, []) ?? [])];
}

function summaryJson(model: string, { phase, tier, slots, ...summary }: NativePhaseSummary): Record<string, unknown> {
  const trend = trendOf(slots);
  return {
    model_id: model,
    phase,
    priority: tier,
    count: summary.count,
    duration_ms: {
      min: summary.min,
      p50: summary.p50,
      p95: summary.p95,
      p99: summary.p99,
      'p99.9': summary.p999,
      max: summary.max,
      mean: summary.mean,
      stddev: summary.stddev,
    },
    trend:
      trend === undefined
        ? null
        : { direction: trend.direction, percent: trend.percent, slope_ms_per_minute: trend.slopePerMinute },
  };
}

/** GET /metrics/profiles/stats */
export const profileStatistics: GetHandler = (exchange, _path, text) => {
  const meter = meterOf(exchange);
  if (meter === undefined) return;
  const read = readQuery(text, ['window', 'model', 'priority']);
  if ('faults' in read) {
    exchange.sendError(faultsReply(read.faults));
    return;
  }
  const { model, priority } = read.query;
  const window = read.query.window ?? '5m';
  const ids = new Set([...meter.models, ...exchange.context.catalog.ready.map(({ id }) => id)]);
  const stats = [...ids]
    .filter((id) => model === undefined || id === model)
    .flatMap((id) =>
      summariesOf(meter, exchange.context, id, window)
        .filter(({ tier }) => priority === undefined || tier === priority)
        .map((summary) => summaryJson(id, summary)),
    );
  const samples = stats.filter(({ phase }) => phase === 'total').reduce((sum, { count }) => sum + Number(count), 0);
  exchange.sendJson(200, JSON.stringify({ stats, window, sample_count: samples, timestamp: Date.now() }));
};

/** GET /metrics/profiles/timeline */
export const profileTimeline: GetHandler = (exchange, _path, text) => {
  const meter = meterOf(exchange);
  if (meter === undefined) return;
  const read = readQuery(text, ['minutes']);
  if ('faults' in read) {
    exchange.sendError(faultsReply(read.faults));
    return;
  }
  const points = meter.timeline.points(read.query.minutes, Date.now()).map((point) => ({
    timestamp: point.timestampMs,
    throughput_tokens_per_sec: point.tokensPerSecond,
    avg_latency_ms: point.meanMs ?? null,
    requests: point.requests,
    errors: point.errors,
    output_tokens: point.outputTokens,
    cpu_memory_mb: point.memoryBytes / bytesPerMebibyte,
  }));
  exchange.sendJson(200, JSON.stringify({ data_points: points, window_minutes: read.query.minutes }));
};

/** GET /metrics/profiles/anomalies */
export const profileAnomalies: GetHandler = (exchange) => {
  const meter = meterOf(exchange);
  if (meter === undefined) return;
  const anomalies = meter.anomalies().map((anomaly) => ({
    model_id: anomaly.model,
    metric: anomaly.metric,
    severity: anomaly.severity,
    message: anomaly.message,
    current_value: anomaly.current,
    baseline_value: anomaly.baseline,
    deviation_percent: anomaly.deviationPercent,
    score: anomaly.score,
  }));
  const baseline = meter.baseline === undefined ? null : { saved_at: meter.baseline.savedAt };
  exchange.sendJson(200, JSON.stringify({ anomalies, baseline, timestamp: Date.now() }));
};

/** GET /metrics/profiles/export */
export const exportProfiles: GetHandler = (exchange, _path, text) => {
  const meter = meterOf(exchange);
  if (meter === undefined) return;
  const read = readQuery(text, ['format', 'minutes', 'model', 'priority', 'outcome']);
  if ('faults' in read) {
    exchange.sendError(faultsReply(read.faults));
    return;
  }
  const { query } = read;
  const since = Date.now() - query.minutes * msPerMinute;
  const fits = filterOf(query);
  const profiles = meter.recent.latest(Infinity, (profile) => profile.timestampMs >= since && fits(profile));
  if (query.format === 'csv') exchange.sendText(200, 'text/csv; charset=utf-8; header=present', profilesCsv(profiles));
  else exchange.sendJson(200, JSON.stringify({ profiles: profiles.map(profileJson), count: profiles.length }));
};

/** POST /metrics/profiles/baseline: what is usual now is what anomalies are judged by from here on. */
export const saveBaseline: JsonHandler = (exchange) => {
  const meter = meterOf(exchange);
  if (meter === undefined) return;
  const baseline = meter.snapshot();
  if (Object.keys(baseline.models).length === 0) {
    exchange.sendError(errorReply('invalid_argument', 'There were no answered requests yet that could be a baseline.'));
    return;
  }
  const { baselineFile } = exchange.context;
  if (baselineFile !== undefined) {
    mkdirSync(dirname(baselineFile), { recursive: true });
    writeFileSync(`${baselineFile}.partial`, `${JSON.stringify(baseline, undefined, 2)}\n`);
    renameSync(`${baselineFile}.partial`, baselineFile);
  }
  meter.setBaseline(baseline);
  exchange.sendJson(200, JSON.stringify({ ...baseline, saved: baselineFile !== undefined }));
};
