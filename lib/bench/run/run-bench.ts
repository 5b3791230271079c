/** A whole benchmark: every scenario, so many runs of each, and the result that is written. */
import {
  resultFormat,
  resultVersion,
  type BenchFailure,
  type BenchModelInfo,
  type BenchResult,
  type BenchScenario,
} from '../bench-result.js';
import { packageVersion } from '../../version.js';
import type { LoadProgress } from '../load/run-load.js';
import { PromptMaker } from './bench-prompts.js';
import type { ScenarioPlan } from './bench-scenarios.js';
import type { BenchTarget, OpenTarget } from './bench-target.js';
import { describeMachine } from './machine.js';
import { MeasurementCollector } from './measurement-collector.js';
import { runScenario } from './run-scenario.js';

export interface BenchStep {
  readonly scenario: ScenarioPlan;
  /** From 1. */
  readonly run: number;
  readonly runs: number;
}

export interface BenchObserver {
  onStep(step: BenchStep): void;
  onProgress(step: BenchStep, progress: LoadProgress): void;
}

export interface BenchOptions {
  readonly target: BenchTarget;
  readonly plans: readonly ScenarioPlan[];
  readonly runs: number;
  /** As it can be typed again. */
  readonly commandLine: string;
  /** Ends the benchmark; the result has the runs that were complete. */
  readonly signal: AbortSignal;
  readonly observer: BenchObserver;
}

const loading: BenchScenario = { name: 'loading', description: 'The model is loaded anew for each run.' };
const mostNotes = 1000;
const mostFailures = 1000;

class Bench {
  readonly #options: BenchOptions;
  readonly #failures: BenchFailure[] = [];
  readonly #notes = new Set<string>();
  #collector: MeasurementCollector | undefined;
  #model: BenchModelInfo | undefined;
  #hasLoaded = false;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async run(): Promise<BenchResult> {
    const startedAt = new Date().toISOString();
    const began = performance.now();
    const { target, plans, runs, commandLine, signal } = this.#options;
    const machine = describeMachine();
    const software = await target.software();
    try {
      for (let run = 1; run <= runs; run++) await this.#runAll(run);
    } catch (error) {
      // What was measured until then is not lost; without anything there is nothing to report.
      if (!signal.aborted || this.#collector === undefined) throw error;
      this.#notes.add('The benchmark was stopped before its end.');
    }
    return {
      format: resultFormat,
      version: resultVersion,
      startedAt,
      durationMs: performance.now() - began,
      commandLine,
      runs,
      machine,
      software: { inferno: packageVersion, ...software },
      models: this.#model === undefined ? [] : [this.#model],
      scenarios: [...(this.#hasLoaded ? [loading] : []), ...plans.map(({ about }) => about)],
      measurements: this.#collector?.measurements() ?? [],
      failures: this.#failures.slice(0, mostFailures),
      notes: [...this.#notes].slice(0, mostNotes),
    };
  }

  async #runAll(run: number): Promise<void> {
    const { target, signal } = this.#options;
    const open = await target.open(signal);
    try {
      this.#model ??= open.model;
      this.#collector ??= new MeasurementCollector(open.model.label, target.side);
      this.#hasLoaded ||= open.loadMs !== undefined;
      const load = { scenario: loading.name, metric: 'load_time', unit: 'ms', better: 'lower' } as const;
      this.#collector.add({ ...load, value: open.loadMs });
      await this.#runScenarios(open, run, this.#collector);
    } finally {
      await open.close();
    }
  }

  async #runScenarios(open: OpenTarget, run: number, collector: MeasurementCollector): Promise<void> {
    const { plans, runs, signal, observer } = this.#options;
    const prompts = new PromptMaker(open.calibration);
    for (const plan of plans.filter(({ once }) => !once || run === 1)) {
      const step = { scenario: plan, run, runs: plan.once ? 1 : runs };
      observer.onStep(step);
      const { failures, notes } = await runScenario({
        ...{ plan, target: open, prompts, collector, signal },
        onProgress: (progress) => {
          observer.onProgress(step, progress);
        },
      });
      this.#failures.push(...failures);
      for (const note of notes) this.#notes.add(note);
    }
  }
}

/** Rejects with what the target rejects with, and with the signal's reason when nothing was measured before it. */
export function runBench(options: BenchOptions): Promise<BenchResult> {
  return new Bench(options).run();
}
