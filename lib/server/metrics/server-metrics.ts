import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import { Counter, Gauge } from 'prom-client';
import type { NativeStatistics } from '../../native-statistics-types.js';
import { systemInfo } from '../../api/system-info.js';
import { packageVersion } from '../../version.js';
import { tiers } from '../../native-types.js';
import type { QueueStatus } from '../../api/types.js';
import type { ServerContext } from '../server-context.js';
import { addDeviceMetrics } from './device-metrics.js';
import { nativeHistogram } from './native-histogram.js';
import type { Registries } from './registries.js';

const levels = ['healthy', 'elevated', 'critical'] as const;
const nanosecondsPerSecond = 1e9;

type Look = readonly { readonly id: string; readonly status: QueueStatus; readonly level: string }[];
type Fill<Label extends string> = (set: (labels: Partial<Record<Label, string>>, value: number) => void) => void;

/** The state of the server and its models for Prometheus, read when somebody asks. */
export class ServerMetrics {
  readonly #context: ServerContext;
  readonly #registries: Registries;
  readonly #delay: IntervalHistogram;

  constructor(registries: Registries, context: ServerContext, startedMs: number) {
    this.#registries = registries;
    this.#context = context;
    this.#delay = monitorEventLoopDelay({ resolution: 20 });
    this.#delay.enable();
    this.#addServer(startedMs);
    this.#addSessions();
    this.#addQueues();
    this.#addSequences();
    this.#addCaches();
    addDeviceMetrics(registries);
    registries.add(
      nativeHistogram(
        { name: 'inferno_inter_token_seconds', help: 'Time between two tokens of a generation.', phase: 'inter_token' },
        () => this.#phaseStatistics(),
      ),
    );
  }

  #phaseStatistics(): { model: string; replicas: readonly NativeStatistics[] }[] {
    return this.#context.catalog.ready.flatMap(({ id, model }) => {
      const replicas = model.phaseStatistics?.() ?? [];
      return replicas.length === 0 ? [] : [{ model: id, replicas }];
    });
  }

  stop(): void {
    this.#delay.disable();
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[], fill: Fill<Label>): void {
    const gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [],
      collect() {
        this.reset();
        fill((labels, value) => {
          this.set(labels as Record<Label, string>, value);
        });
      },
    });
    this.#registries.add(gauge);
  }

  /** Of something that counts by itself. */
  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[], fill: Fill<Label>): void {
    const counter = new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [],
      collect() {
        this.reset();
        fill((labels, value) => {
          this.inc(labels as Record<Label, string>, value);
        });
      },
    });
    this.#registries.addCounter(name, counter);
  }

  #look(): Look {
    const { admission, catalog } = this.#context;
    return admission.loadsOf(catalog.ready).map(({ id, load }) => ({ id, status: load.status, level: load.level }));
  }

  #addSessions(): void {
    const { webSocket, events } = this.#context.sessions;
    this.#gauge('inferno_websocket_connections', 'Open WebSockets.', [], (set) => {
      set({}, webSocket.counts().connections);
    });
    this.#gauge('inferno_event_streams', 'Open streams of named events.', [], (set) => {
      set({}, events.counts().connections);
    });
  }

  #addServer(startedMs: number): void {
    const { exchanges, catalog, admission } = this.#context;
    this.#gauge('inferno_build_info', 'Always 1.', ['version', 'node', 'llama'], (set) => {
      set({ version: packageVersion, node: process.version, llama: systemInfo().llamaVersion }, 1);
    });
    this.#gauge('inferno_uptime_seconds', 'Since the server was made.', [], (set) => {
      set({}, (Date.now() - startedMs) / 1000);
    });
    this.#gauge('inferno_requests_in_flight', 'Requests that are not answered in full.', [], (set) => {
      set({}, exchanges.size);
    });
    this.#gauge('inferno_generations_held', 'Generations that wait for others, outside of any queue.', [], (set) => {
      set({}, admission.held);
    });
    this.#gauge('inferno_models', 'Models by what state they are in.', ['state'], (set) => {
      for (const state of ['unloaded', 'queued', 'loading', 'loaded', 'leaving', 'unloading', 'failed']) {
        set({ state }, catalog.manager.models.filter((model) => model.state.kind === state).length);
      }
    });
    this.#gauge(
      'inferno_model_memory_bytes',
      'What a model holds: weights, KV cache, compute buffers.',
      ['model'],
      (set) => {
        for (const model of catalog.manager.models)
          set({ model: model.id }, model.served === undefined ? 0 : model.bytes);
      },
    );
    this.#gauge('process_resident_memory_bytes', 'Memory of the process in RAM.', [], (set) => {
      set({}, process.memoryUsage.rss());
    });
    this.#gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', [], (set) => {
      set({}, process.memoryUsage().heapUsed);
    });
    this.#gauge(
      'nodejs_external_memory_bytes',
      'Memory of objects that JavaScript holds outside of its heap.',
      [],
      (set) => {
        set({}, process.memoryUsage().external);
      },
    );
    this.#gauge(
      'nodejs_eventloop_lag_p99_seconds',
      'How late the event loop was, since the last scrape.',
      [],
      (set) => {
        const delay = this.#delay.percentile(99);
        this.#delay.reset();
        set({}, Number.isFinite(delay) ? delay / nanosecondsPerSecond : 0);
      },
    );
    this.#counter('process_cpu_seconds_total', 'Processor time of the process.', [], (set) => {
      const { user, system } = process.cpuUsage();
      set({}, (user + system) / 1e6);
    });
  }

  #addQueues(): void {
    const perModel = ['model'] as const;
    const each =
      (value: (status: QueueStatus) => number): Fill<'model'> =>
      (set) => {
        for (const { id, status } of this.#look()) set({ model: id }, value(status));
      };
    this.#gauge('inferno_queue_depth', 'Generations that wait for their turn.', ['model', 'priority'], (set) => {
      for (const { id, status } of this.#look()) {
        for (const [index, priority] of tiers.entries()) {
          set({ model: id, priority }, status.byTier[index]?.queued ?? 0);
        }
      }
    });
    this.#gauge('inferno_queue_level', '1 for the level that the queue is at.', ['model', 'level'], (set) => {
      for (const { id, level } of this.#look()) {
        for (const name of levels) set({ model: id, level: name }, level === name ? 1 : 0);
      }
    });
    this.#gauge(
      'inferno_queue_capacity',
      'Generations that may wait.',
      perModel,
      each((status) => status.capacity),
    );
    this.#gauge(
      'inferno_queue_oldest_seconds',
      'How long the oldest waiting generation has waited.',
      perModel,
      each((status) => Math.max(0, ...status.byTier.map(({ oldestMs }) => oldestMs)) / 1000),
    );
    this.#gauge(
      'inferno_queue_drain_seconds',
      'Until all that waits now has started.',
      perModel,
      each((status) => status.drainMs / 1000),
    );
  }

  #addSequences(): void {
    const perModel = ['model'] as const;
    const each =
      (value: (status: QueueStatus) => number): Fill<'model'> =>
      (set) => {
        for (const { id, status } of this.#look()) set({ model: id }, value(status));
      };
    this.#gauge(
      'inferno_sequences_running',
      'Generations that are computed now.',
      perModel,
      each((status) => status.running),
    );
    this.#gauge(
      'inferno_sequences_parked',
      'Generations that were parked for better ones.',
      perModel,
      each((status) => status.parked),
    );
    this.#gauge(
      'inferno_sequences_limit',
      'Generations that may be computed at once now.',
      perModel,
      each((status) => status.workers.limit),
    );
    this.#gauge(
      'inferno_prefill_tokens_per_second',
      'Prompt tokens computed lately.',
      perModel,
      each((status) => status.prefillTokensPerSecond),
    );
    this.#gauge(
      'inferno_decode_tokens_per_second',
      'Answer tokens computed lately.',
      perModel,
      each((status) => status.decodeTokensPerSecond),
    );
    this.#counter(
      'inferno_generations_started_total',
      'Generations that were started.',
      perModel,
      each((status) => status.started),
    );
    this.#counter(
      'inferno_generations_expired_total',
      'Generations whose deadline passed before they started.',
      perModel,
      each((status) => status.expired),
    );
  }

  #addCaches(): void {
    const perModel = ['model'] as const;
    const each =
      (value: (cache: QueueStatus['cache']) => number): Fill<'model'> =>
      (set) => {
        for (const { id, status } of this.#look()) set({ model: id }, value(status.cache));
      };
    this.#counter(
      'inferno_prefix_cache_hits_total',
      'Prompts of which something was cached.',
      perModel,
      each((cache) => cache.hits),
    );
    this.#counter(
      'inferno_prefix_cache_misses_total',
      'Prompts of which nothing was cached.',
      perModel,
      each((cache) => cache.misses),
    );
    this.#counter(
      'inferno_prefix_cache_reused_tokens_total',
      'Prompt tokens that were not computed again.',
      perModel,
      each((cache) => cache.tokensReused),
    );
    this.#counter(
      'inferno_prefix_cache_evictions_total',
      'Cached prefixes given up.',
      perModel,
      each((cache) => cache.evicted),
    );
    this.#gauge(
      'inferno_prefix_cache_bytes',
      'Memory of cached prefixes.',
      perModel,
      each((cache) => cache.memoryBytes),
    );
    this.#gauge(
      'inferno_prefix_cache_disk_bytes',
      'Disk space of cached prefixes.',
      perModel,
      each((cache) => cache.diskBytes),
    );
  }
}
