import { Option, type Command } from 'commander';
import type { LoadModelOptions, ModelPooling } from '../api/types.js';
import { balancingNames } from '../replicas/balancer.js';
import type { Balancing } from '../replicas/balancer.js';
import { deviceNames, fileText, integerIn, nonEmpty, shareList } from './option-parsers.js';

/** The flags that say how a model is loaded. */
export interface LoadFlags {
  readonly ctxSize?: number;
  readonly parallel?: number;
  readonly threads?: number;
  readonly gpuLayers?: number | 'auto' | 'all';
  readonly device?: readonly string[];
  readonly tensorSplit?: readonly number[];
  readonly mainGpu?: number;
  readonly batchSize?: number;
  readonly pooling?: ModelPooling;
  readonly chatTemplate?: string;
  readonly chatTemplateFile?: string;
  readonly scheduling?: 'priority' | 'fifo';
  readonly queueCapacity?: number;
  readonly targetLatencyMs?: number;
  /** MiB, as llama-server's flag of that name. */
  readonly cacheRam?: number;
  readonly cacheDisk?: string;
  readonly cacheDiskMib?: number;
  readonly speculation?: 'auto' | 'off';
  readonly draftModel?: string;
  readonly draftMax?: number;
  readonly replicas?: number;
  readonly balancing?: Balancing;
}

/** The flags that say how chats are written for the model. */
export const templateFlags = ['chatTemplate', 'chatTemplateFile'] as const satisfies readonly (keyof LoadFlags)[];

/** The flags that say what an encoder gives. */
export const encoderFlags = ['pooling'] as const satisfies readonly (keyof LoadFlags)[];

/** The flags that say where the model lies. */
export const placementFlags = [
  'gpuLayers',
  'device',
  'tensorSplit',
  'mainGpu',
] as const satisfies readonly (keyof LoadFlags)[];

/** The flags that only make sense for a model that serves many. */
export const servingFlags = [
  'scheduling',
  'queueCapacity',
  'targetLatencyMs',
  'cacheRam',
  'cacheDisk',
  'cacheDiskMib',
  'speculation',
  'draftModel',
  'draftMax',
  'replicas',
  'balancing',
] as const satisfies readonly (keyof LoadFlags)[];

const maxContextSize = 16_777_216;
const mostLayers = 10_000;
const mostGpus = 64;
const maxMebibytes = 1024 * 1024 * 1024;
const mebibyte = 1024 * 1024;
const flags = {
  ctxSize: (): Option =>
    new Option(
      '--ctx-size <n>',
      'tokens each sequence can hold, with --parallel all together; default: from the model and memory',
    ).argParser(integerIn(16, maxContextSize)),
  parallel: (): Option =>
    new Option('--parallel <n>', 'sequences decoded at once, 1 to 64; default: from free memory').argParser(
      integerIn(1, 64),
    ),
  threads: (): Option =>
    new Option('--threads <n>', 'compute threads; default: adapts to the cores that are really free').argParser(
      integerIn(1, 1024),
    ),
  gpuLayers: (): Option =>
    new Option('--gpu-layers <n>', 'layers on GPUs, "all" or "auto"; default auto: all that fit').argParser(
      (value: string) => (value === 'all' || value === 'auto' ? value : integerIn(0, mostLayers)(value)),
    ),
  device: (): Option =>
    new Option('--device <names>', 'GPUs to use, separated by commas, or "none"; see `inferno gpu list`').argParser(
      deviceNames,
    ),
  tensorSplit: (): Option =>
    new Option('--tensor-split <shares>', 'shares of the GPUs, such as 3,1; default: by their free memory')
      .argParser(shareList)
      .conflicts('mainGpu'),
  mainGpu: (): Option =>
    new Option('--main-gpu <n>', 'place of the one GPU that holds the whole model; default: all GPUs').argParser(
      integerIn(0, mostGpus - 1),
    ),
  batchSize: (): Option =>
    new Option('--batch-size <n>', 'tokens of one decode call at most; default 512').argParser(integerIn(1, 16_384)),
  pooling: (): Option =>
    new Option(
      '--pooling <how>',
      'how vectors of tokens become one, or rank for a reranker; default: as the model file says',
    ).choices(['none', 'mean', 'cls', 'last', 'rank']),
  chatTemplate: (): Option =>
    new Option('--chat-template <jinja>', 'chat template instead of the one in the model file')
      .argParser(nonEmpty)
      .conflicts('chatTemplateFile'),
  chatTemplateFile: (): Option =>
    new Option('--chat-template-file <file>', 'file with that template').argParser(fileText),
  scheduling: (): Option =>
    new Option('--scheduling <policy>', 'who runs next; fifo turns priorities off; default priority').choices([
      'priority',
      'fifo',
    ]),
  queueCapacity: (): Option =>
    new Option('--queue-capacity <n>', 'requests that may wait; default 10000').argParser(integerIn(1, 1_000_000)),
  targetLatencyMs: (): Option =>
    new Option(
      '--target-latency-ms <n>',
      'run fewer at once while tokens are further apart than this; default: never',
    ).argParser(integerIn(0, 60_000)),
  cacheRam: (): Option =>
    new Option('--cache-ram <mib>', 'memory for prompts that may come again; default 256').argParser(
      integerIn(0, maxMebibytes),
    ),
  cacheDisk: (): Option =>
    new Option('--cache-disk <dir>', 'folder for what does not fit there; default: none').argParser(nonEmpty),
  cacheDiskMib: (): Option =>
    new Option('--cache-disk-mib <n>', 'what may lie there; default 8192').argParser(integerIn(0, maxMebibytes)),
  speculation: (): Option =>
    new Option('--speculation <mode>', 'guess tokens ahead while that pays; default auto').choices(['auto', 'off']),
  draftModel: (): Option =>
    new Option('--draft-model <file>', 'small model with the same vocabulary that guesses').argParser(nonEmpty),
  draftMax: (): Option =>
    new Option('--draft-max <n>', 'tokens guessed for one step at most, 1 to 16; default 8').argParser(
      integerIn(1, 16),
    ),
  replicas: (): Option =>
    new Option('--replicas <n>', 'engines over the same weights, 1 to 16; default 1').argParser(integerIn(1, 16)),
  balancing: (): Option =>
    new Option('--balancing <name>', 'which replica takes a request; default prefix-affinity').choices(balancingNames),
} as const;

export function addLoadFlags(command: Command, names: readonly (keyof LoadFlags)[]): Command {
  for (const name of names) command.addOption(flags[name]());
  return command;
}

/** An object of what was given; undefined when nothing was. */
function given<Fields extends Record<string, unknown>>(fields: Fields): Partial<Fields> | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Partial<Fields>);
}

function bytesOf(mebibytes: number | undefined): number | undefined {
  return mebibytes === undefined ? undefined : mebibytes * mebibyte;
}

export function loadOptionsFrom(flags: LoadFlags): LoadModelOptions {
  const { queueCapacity, targetLatencyMs } = flags;
  return {
    ...given({
      contextSize: flags.ctxSize,
      parallel: flags.parallel,
      threads: flags.threads,
      gpuLayers: flags.gpuLayers,
      devices: flags.device,
      tensorSplit: flags.tensorSplit,
      mainGpu: flags.mainGpu,
      batchSize: flags.batchSize,
      replicas: flags.replicas,
      balancing: flags.balancing,
      pooling: flags.pooling,
      chatTemplate: flags.chatTemplate ?? flags.chatTemplateFile,
      scheduling: given({ policy: flags.scheduling, queueCapacity, targetLatencyMs }),
      cache: given({
        memoryBytes: bytesOf(flags.cacheRam),
        directory: flags.cacheDisk,
        diskBytes: bytesOf(flags.cacheDiskMib),
      }),
      speculation: given({
        mode: flags.speculation,
        draftModel: flags.draftModel,
        maxDraftTokens: flags.draftMax,
      }),
    }),
  } as LoadModelOptions;
}
