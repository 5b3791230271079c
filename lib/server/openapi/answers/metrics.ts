/** What is measured, as JSON. */
import { z } from 'zod';
import { phases, statisticsWindows } from '../../../native-statistics-types.js';
import { tiers } from '../../../native-types.js';
import { baselineFile, metrics } from '../../../profile/anomalies.js';
import { namedAnswer } from '../json-schema.js';

const count = z.int().min(0);
const number = z.number();
const unixMs = z.number().describe('Unix milliseconds.');
const phase = z.enum(phases);
const tier = z.enum(tiers);

export const profile = namedAnswer(
  'RequestProfile',
  z.object({
    request_id: z.string(),
    timestamp: unixMs,
    route: z.string(),
    model_id: z.string().nullable(),
    priority: tier.nullable(),
    user: z.string().nullable(),
    stream: z.boolean(),
    status: z.int(),
    outcome: z.enum(['stop', 'length', 'done', 'cancelled', 'error', 'refused']),
    error_code: z.string().nullable(),
    trace_id: z.string().nullable(),
    total_time_ms: number,
    phases: z.array(z.object({ phase: z.string(), duration_ms: number })).describe('Together exactly total_time_ms.'),
    first_token_ms: number.nullable(),
    inter_token_ms: number.nullable(),
    input_tokens: count,
    cached_tokens: count,
    output_tokens: count,
    drafted_tokens: count,
    accepted_tokens: count,
    preemptions: count,
    throughput_tokens_per_sec: number,
    cpu_memory_used_mb: number,
  }),
);

const profiles = { profiles: z.array(profile), count };

export const recentProfiles = namedAnswer('RecentProfiles', z.object({ ...profiles, timestamp: unixMs }));
export const exportedProfiles = namedAnswer('ExportedProfiles', z.object(profiles));

const trend = z.object({
  direction: z.enum(['stable', 'increasing', 'decreasing']),
  percent: number,
  slope_ms_per_minute: number,
});

export const statistics = namedAnswer(
  'ProfileStatistics',
  z.object({
    stats: z.array(
      z.object({
        model_id: z.string(),
        phase,
        priority: tier,
        count,
        duration_ms: z.object({
          min: number,
          p50: number,
          p95: number,
          p99: number,
          'p99.9': number,
          max: number,
          mean: number,
          stddev: number,
        }),
        trend: trend.nullable(),
      }),
    ),
    window: z.enum(statisticsWindows),
    sample_count: count,
    timestamp: unixMs,
  }),
);

export const timeline = namedAnswer(
  'ProfileTimeline',
  z.object({
    data_points: z.array(
      z.object({
        timestamp: unixMs,
        throughput_tokens_per_sec: number,
        avg_latency_ms: number.nullable(),
        requests: count,
        errors: count,
        output_tokens: count,
        cpu_memory_mb: number,
      }),
    ),
    window_minutes: count,
  }),
);

export const anomalies = namedAnswer(
  'ProfileAnomalies',
  z.object({
    anomalies: z.array(
      z.object({
        model_id: z.string(),
        metric: z.enum(metrics),
        severity: z.enum(['Low', 'Medium', 'High', 'Critical']),
        message: z.string(),
        current_value: number,
        baseline_value: number,
        deviation_percent: number,
        score: number.describe('How many times the usual spread it is away.'),
      }),
    ),
    baseline: z.object({ saved_at: z.string() }).nullable(),
    timestamp: unixMs,
  }),
);

export const savedBaseline = namedAnswer(
  'ProfileBaseline',
  baselineFile.extend({ saved: z.boolean().describe('Whether it was written to the file of --profile-baseline.') }),
);

const tierReport = z.object({
  queued: count,
  running: count,
  parked: count,
  queued_tokens: count,
  oldest_ms: number,
  avg_wait_ms: number,
  p50_wait_ms: number,
  p95_wait_ms: number,
  p99_wait_ms: number,
  max_wait_ms: number,
  started: count,
  tokens_served: count,
  weight: z.int(),
});

const loadLevel = z.enum(['healthy', 'elevated', 'critical']);

const queueReport = z.object({
  id: z.string(),
  policy: z.enum(['priority', 'fifo']),
  level: loadLevel,
  capacity: count,
  queued: count,
  held: count.describe('Waiting for dependencies; not part of queued.'),
  running: count,
  parked: count.describe('Preempted.'),
  by_tier: z.record(tier, tierReport),
  workers: z.object({ busy: count, limit: count, total: count }).describe('Sequences.'),
  rates: z.object({ prefill_tokens_per_second: number, decode_tokens_per_second: number }),
  token_latency_ms: number,
  eta_ms: number.describe('Expected until all that waits now has started.'),
  started: count,
  finished: count,
  cancelled: count,
  expired: count,
  preempted: count,
  fairness: z.object({
    starvation_threshold_ms: number,
    starvation_detected: z.boolean(),
    fairness_score: number,
  }),
  cache: z.object({
    memory_bytes: count,
    memory_limit_bytes: count,
    disk_bytes: count,
    disk_limit_bytes: count,
    entries: count,
    hits: count,
    misses: count,
    tokens_reused: count,
    evicted: count,
    spilled: count,
  }),
});

const connections = z.object({
  connections: count,
  detached: count.describe('Lost, and waited for.'),
  max_connections: count,
  streams: count,
  levels: z.object({ healthy: count, moderate: count, critical: count }),
});

export const queueStatus = namedAnswer(
  'QueueStatus',
  z.object({
    object: z.literal('queue.status'),
    level: loadLevel.describe('Of the fullest model.'),
    models: z.array(queueReport),
    server: z.object({ generations: count, held: count, active_requests: count }),
    websocket: connections,
    sse: connections.describe('Of streams of named events.'),
    timestamp_ms: unixMs,
  }),
);
