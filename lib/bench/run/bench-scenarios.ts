/** The loads that `inferno bench` knows. */
import type { BenchScenario } from '../bench-result.js';
import type { Arrivals } from '../load/arrivals.js';
import type { LatencyTargets } from '../load/request-record.js';
import type { PromptMaker } from './bench-prompts.js';

export const scenarioKinds = ['single', 'concurrent', 'prefill', 'shared-prefix', 'open', 'soak'] as const;
export type ScenarioKind = (typeof scenarioKinds)[number];

export interface BenchSettings {
  readonly concurrency: number;
  /** Of one run of a scenario; default: by scenario. */
  readonly requests?: number;
  /** Of one run of a scenario, instead of `requests`. */
  readonly durationMs?: number;
  /** Requests per second that come whether or not the server is ready. */
  readonly rate?: number;
  readonly promptTokens?: number;
  /** Of the answer. */
  readonly tokens?: number;
  /** Requests before each run of a scenario that do not count. */
  readonly warmUp: number;
  readonly targets: LatencyTargets;
}

/** One scenario with all its numbers. */
export interface ScenarioPlan {
  readonly kind: ScenarioKind;
  readonly arrivals: Arrivals;
  readonly requests: number | undefined;
  readonly durationMs: number | undefined;
  readonly warmUp: number;
  readonly promptTokens: number;
  readonly tokens: number;
  readonly targets: LatencyTargets | undefined;
  /** Run once, whatever number of runs was asked for: its length is what makes it tell. */
  readonly once: boolean;
  readonly about: BenchScenario;
  readonly promptOf: (maker: PromptMaker) => string;
}

const descriptions: Readonly<Record<ScenarioKind, string>> = {
  single: 'One request after another.',
  concurrent: 'Several requests at once; the next is sent when one has ended.',
  prefill: 'Long prompts and short answers, one after another.',
  'shared-prefix': 'Three quarters of each prompt are the same, as with a system message.',
  open: 'Requests arrive at random times at a fixed rate, whether or not the server is ready; latencies count from there.',
  soak: 'The same load for a long time: does memory grow, does speed fall?',
};
const defaultTokens = 64;
const defaultPromptTokens = 64;
const defaultLongPrompt = 512;
const defaultSoakMs = 60_000;
const answerTokens: Partial<Record<ScenarioKind, number>> = { prefill: 1 };

function promptTokensOf(kind: ScenarioKind, { promptTokens }: BenchSettings): number {
  const isLong = kind === 'prefill' || kind === 'shared-prefix';
  return promptTokens ?? (isLong ? defaultLongPrompt : defaultPromptTokens);
}

function arrivalsOf(kind: ScenarioKind, { concurrency, rate }: BenchSettings): Arrivals {
  if (rate !== undefined && (kind === 'open' || kind === 'soak')) return { kind: 'poisson', perSecond: rate, seed: 1 };
  const together = kind === 'single' || kind === 'prefill' ? 1 : concurrency;
  return { kind: 'closed', concurrency: together };
}

function requestsOf(kind: ScenarioKind, { requests, concurrency }: BenchSettings): number {
  if (requests !== undefined) return requests;
  if (kind === 'single') return 8;
  return kind === 'prefill' ? 4 : Math.max(16, 3 * concurrency);
}

/** The key of its measurements: another load has another name. */
function nameOf(kind: ScenarioKind, arrivals: Arrivals): string {
  if (arrivals.kind !== 'closed') return `${kind} ${String(arrivals.perSecond)}/s`;
  return kind === 'single' || kind === 'prefill' ? kind : `${kind} ${String(arrivals.concurrency)}`;
}

/** REQUIRES: a rate for the kind `open`. */
export function planScenario(kind: ScenarioKind, settings: BenchSettings): ScenarioPlan {
  const arrivals = arrivalsOf(kind, settings);
  const promptTokens = promptTokensOf(kind, settings);
  const tokens = answerTokens[kind] ?? settings.tokens ?? defaultTokens;
  const isSoak = kind === 'soak';
  const durationMs = settings.durationMs ?? (isSoak ? defaultSoakMs : undefined);
  const counted = requestsOf(kind, settings) + settings.warmUp;
  const requests = durationMs === undefined ? counted : undefined;
  const targets = arrivals.kind === 'closed' ? undefined : settings.targets;
  return {
    ...{ kind, arrivals, requests, durationMs, warmUp: settings.warmUp, promptTokens, tokens, targets, once: isSoak },
    about: {
      name: nameOf(kind, arrivals),
      description: descriptions[kind],
      parameters: {
        ...(arrivals.kind === 'closed'
          ? { concurrency: arrivals.concurrency }
          : { 'requests per second': arrivals.perSecond }),
        ...(durationMs === undefined ? { requests: counted - settings.warmUp } : { seconds: durationMs / 1000 }),
        'prompt tokens': promptTokens,
        'answer tokens': tokens,
        'warm-up requests': settings.warmUp,
        ...(targets === undefined
          ? {}
          : { 'target first token ms': targets.firstTokenMs, 'target inter-token p95 ms': targets.interTokenP95Ms }),
      },
    },
    promptOf: (maker) => (kind === 'shared-prefix' ? maker.alike(promptTokens) : maker.unlike(promptTokens)),
  };
}
