/** The flags of `inferno bench` that say what load is measured. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { planScenario, scenarioKinds, type ScenarioKind, type ScenarioPlan } from '../bench/run/bench-scenarios.js';
import { UsageError } from './cli-error.js';
import { integerIn, numberIn } from './option-parsers.js';

export interface LoadShapeFlags {
  readonly scenario: readonly ScenarioKind[];
  readonly concurrency: number;
  readonly requests?: number;
  /** Seconds. */
  readonly duration?: number;
  readonly rate?: number;
  readonly promptTokens?: number;
  readonly tokens?: number;
  readonly warmUp: number;
  readonly targetFirstTokenMs: number;
  readonly targetInterTokenMs: number;
}

const defaultScenarios: readonly ScenarioKind[] = ['single', 'concurrent', 'prefill', 'shared-prefix'];
const longestSeconds = 7 * 24 * 3600;
const mostTokens = 1_000_000;

function isScenario(name: string): name is ScenarioKind {
  return scenarioKinds.some((kind) => kind === name);
}

function scenarioList(value: string): ScenarioKind[] {
  const names = value.split(',').map((name) => name.trim());
  const known = names.filter(isScenario);
  const unknown = names.find((name) => !isScenario(name));
  if (unknown === undefined) return [...new Set(known)];
  throw new InvalidArgumentError(`There is no scenario "${unknown}". Known: ${scenarioKinds.join(', ')}.`);
}

export function addLoadShapeFlags(command: Command): Command {
  return command
    .addOption(
      new Option('-s, --scenario <name,...>', `what is measured: ${scenarioKinds.join(', ')}`)
        .argParser(scenarioList)
        .default(defaultScenarios, defaultScenarios.join(',')),
    )
    .option('-c, --concurrency <n>', 'requests at once, in concurrent and shared-prefix', integerIn(1, 4096), 4)
    .option('--requests <n>', 'requests of one run; default: by scenario', integerIn(1, 1_000_000))
    .option('--duration <s>', 'seconds of one run instead; default for soak: 60', numberIn(0.1, longestSeconds))
    .option('--rate <n>', 'requests per second that arrive in open and soak', numberIn(0.001, 100_000))
    .option('--prompt-tokens <n>', 'of each prompt; default 64, 512 where the prompt counts', integerIn(1, mostTokens))
    .option('--tokens <n>', 'of each answer; default 64', integerIn(1, mostTokens))
    .option('--warm-up <n>', 'requests before each run that do not count', integerIn(0, 100_000), 1)
    .option('--target-first-token-ms <n>', 'of goodput, with --rate', integerIn(1, 3_600_000), 1000)
    .option('--target-inter-token-ms <n>', 'of goodput, with --rate: 95th percentile', integerIn(1, 3_600_000), 100);
}

/** Throws UsageError for flags that do not go together. */
export function plansFrom(flags: LoadShapeFlags): ScenarioPlan[] {
  const { scenario, rate, duration, requests, promptTokens, tokens } = flags;
  if (scenario.includes('open') && rate === undefined) {
    throw new UsageError('The scenario open needs a rate.', 'Give one, such as --rate 10, in requests per second.');
  }
  if (duration !== undefined && requests !== undefined) {
    throw new UsageError('--duration and --requests exclude each other.', 'Leave one of them out.');
  }
  const settings = {
    concurrency: flags.concurrency,
    warmUp: flags.warmUp,
    targets: { firstTokenMs: flags.targetFirstTokenMs, interTokenP95Ms: flags.targetInterTokenMs },
    ...(requests === undefined ? {} : { requests }),
    ...(duration === undefined ? {} : { durationMs: duration * 1000 }),
    ...(rate === undefined ? {} : { rate }),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(tokens === undefined ? {} : { tokens }),
  };
  return scenario.map((kind) => planScenario(kind, settings));
}
