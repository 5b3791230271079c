/** One run of one scenario against an open target. */
import type { BenchFailure } from '../bench-result.js';
import type { LoadSummary } from '../load/load-summary.js';
import { runLoad, type LoadProgress } from '../load/run-load.js';
import { thinSeries } from '../sample-summary.js';
import type { PromptMaker } from './bench-prompts.js';
import type { ScenarioPlan } from './bench-scenarios.js';
import type { OpenTarget } from './bench-target.js';
import type { MeasurementCollector } from './measurement-collector.js';
import { memoryMetrics, MemoryWatch } from './memory-watch.js';
import { latencyMetrics, ScenarioFigures } from './scenario-figures.js';

export interface ScenarioRun {
  readonly plan: ScenarioPlan;
  readonly target: OpenTarget;
  /** The same for all scenarios of a run, so that no prompt comes twice. */
  readonly prompts: PromptMaker;
  readonly collector: MeasurementCollector;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

const memoryEveryMs = 500;
/** For the timelines of a load of so many requests; only how finely they are cut depends on it. */
const guessedMs = 10_000;

function seriesOf(points: readonly [number, number][]): { series?: { points: [number, number][] } } {
  return points.length < 2 ? {} : { series: { points: thinSeries(points) } };
}

function addLoad({ plan, collector }: ScenarioRun, summary: LoadSummary, figures: ScenarioFigures): void {
  const scenario = plan.about.name;
  const rate = { scenario, better: 'higher' } as const;
  const throughput = seriesOf(figures.throughputPoints());
  collector.add({
    ...rate,
    metric: 'tokens_per_second',
    unit: 'tokens/s',
    value: summary.tokensPerSecond,
    ...throughput,
  });
  collector.add({ ...rate, metric: 'requests_per_second', unit: 'requests/s', value: summary.requestsPerSecond });
  collector.add({ ...rate, metric: 'goodput', unit: 'requests/s', value: summary.goodput?.perSecond });
  if (plan.kind === 'single') {
    const value = figures.decodeTokensPerSecond();
    collector.add({ ...rate, metric: 'decode_tokens_per_second', unit: 'tokens/s', value });
  }
  if (plan.kind === 'prefill') {
    const value = figures.prefillTokensPerSecond();
    collector.add({ ...rate, metric: 'prefill_tokens_per_second', unit: 'tokens/s', value });
  }
  for (const metric of latencyMetrics) {
    const timeline = metric === 'time_to_first_token' ? seriesOf(figures.firstTokenPoints()) : {};
    const samples = figures.samples(metric);
    collector.add({
      scenario,
      better: 'lower',
      metric,
      unit: 'ms',
      value: figures.typical(metric),
      samples,
      ...timeline,
    });
  }
  const share = summary.requests === 0 ? undefined : (100 * summary.failed) / summary.requests;
  collector.add({ scenario, better: 'lower', metric: 'error_share', unit: '%', value: share });
}

function addMemory({ plan, collector }: ScenarioRun, watch: MemoryWatch): void {
  for (const metric of memoryMetrics) {
    const series = plan.kind === 'soak' ? watch.series(metric) : undefined;
    const figure = { scenario: plan.about.name, metric, unit: 'bytes', better: 'lower' } as const;
    collector.add({ ...figure, value: watch.most(metric), series });
  }
}

function failuresOf({ plan, target }: ScenarioRun, { errors, firstFailures }: LoadSummary): BenchFailure[] {
  return Object.entries(errors).map(([kind, count]) => {
    const words = firstFailures[kind] ?? '';
    const message = `${kind}${words === '' ? '' : `: ${words}`}`.slice(0, 10_000);
    return { scenario: plan.about.name, model: target.model.label, message, count };
  });
}

/** Rejects with the signal's reason when that aborts: a load that was cut off says nothing. */
export async function runScenario(run: ScenarioRun): Promise<{ failures: BenchFailure[]; notes: string[] }> {
  const { plan, target, prompts, signal, onProgress } = run;
  const figures = new ScenarioFigures(plan.warmUp, plan.durationMs ?? guessedMs);
  const watch = new MemoryWatch(target, memoryEveryMs);
  try {
    const { summary } = await runLoad({
      transport: target.transport(),
      arrivals: plan.arrivals,
      requestAt: () => ({ prompt: plan.promptOf(prompts), maxTokens: plan.tokens }),
      ...(plan.requests === undefined ? {} : { requests: plan.requests }),
      ...(plan.durationMs === undefined ? {} : { durationMs: plan.durationMs }),
      ...(plan.targets === undefined ? {} : { targets: plan.targets }),
      warmUpRequests: plan.warmUp,
      signal,
      onProgress,
      onRecord: (record) => {
        figures.add(record);
      },
      keepRecords: 1,
    });
    await watch.stop();
    signal.throwIfAborted();
    addLoad(run, summary, figures);
    addMemory(run, watch);
    // A model of this process computes with the same cores, and its CPU time is not the client's.
    const limits = target.isInProcess ? [] : summary.generator.limits;
    const notes = limits.map((limit) => `${plan.about.name}: this may be the client's speed. ${limit}`);
    return { failures: failuresOf(run, summary), notes };
  } finally {
    await watch.stop();
  }
}
