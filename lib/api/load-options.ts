import { expected } from '../errors.js';
import type {
  NativeCacheOptions,
  NativeLoadOptions,
  NativeSchedulingOptions,
  NativeSpeculationOptions,
} from '../native-load-types.js';
import { balancingNames } from '../replicas/balancer.js';
import type { Balancing } from '../replicas/balancer.js';
import { readOffload } from './offload-options.js';
import { OptionReader } from './option-reader.js';
import type { CacheOptions, LoadModelOptions, SchedulingOptions, SpeculationOptions } from './types.js';

const optionNames = [
  'contextSize',
  'parallel',
  'batchSize',
  'threads',
  'gpuLayers',
  'devices',
  'tensorSplit',
  'mainGpu',
  'chatTemplate',
  'pooling',
  'scheduling',
  'cache',
  'speculation',
  'profiling',
  'replicas',
  'balancing',
  'vocabularyOnly',
  'probe',
  'onProgress',
  'signal',
] as const satisfies readonly (keyof LoadModelOptions)[];

const mebibyte = 1024 * 1024;
const modes = ['auto', 'off'] as const;
const poolings = ['auto', 'none', 'mean', 'cls', 'last', 'rank'] as const;
const defaultDraftTokens = 8;
const bytes = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true } as const;

/** The options of `loadModel`, checked, with defaults. */
export interface CheckedLoadOptions {
  readonly settings: Omit<NativeLoadOptions, 'path'>;
  readonly replicas: number;
  readonly balancing: Balancing;
  readonly probe: boolean;
  readonly onProgress: ((fraction: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

function readOnProgress(options: OptionReader): CheckedLoadOptions['onProgress'] {
  const value = options.raw('onProgress');
  if (value === undefined || typeof value === 'function') return value as CheckedLoadOptions['onProgress'];
  options.faults.type(expected('a function', 'onProgress', value));
  return undefined;
}

function readScheduling(outer: OptionReader): NativeSchedulingOptions {
  const names = ['policy', 'queueCapacity', 'minWorkers', 'targetLatencyMs'] as const;
  const options = outer.group('scheduling', names satisfies readonly (keyof SchedulingOptions)[]);
  return {
    policy: options.choice('policy', ['priority', 'fifo'], 'priority'),
    queueCapacity: options.number('queueCapacity', { min: 1, max: 1_000_000, integer: true }, 10_000),
    minWorkers: options.number('minWorkers', { min: 1, max: 64, integer: true }, 1),
    targetLatencyMs: options.number('targetLatencyMs', { min: 0, max: 60_000 }, 0),
  };
}

function readCache(outer: OptionReader): NativeCacheOptions {
  const names = ['type', 'memoryBytes', 'directory', 'diskBytes'] as const;
  const options = outer.group('cache', names satisfies readonly (keyof CacheOptions)[]);
  return {
    type: options.choice('type', ['f16', 'f32'], 'f16'),
    memoryBytes: options.number('memoryBytes', bytes, 256 * mebibyte),
    directory: options.text('directory') ?? '',
    diskBytes: options.number('diskBytes', bytes, 8192 * mebibyte),
  };
}

function readSpeculation(outer: OptionReader): NativeSpeculationOptions {
  const given = outer.raw('speculation');
  if (typeof given === 'string') {
    return { mode: outer.choice('speculation', modes, 'auto'), draftModelPath: '', maxDraftTokens: defaultDraftTokens };
  }
  const names = ['mode', 'draftModel', 'maxDraftTokens'] as const;
  const options = outer.group('speculation', names satisfies readonly (keyof SpeculationOptions)[]);
  return {
    mode: options.choice('mode', modes, 'auto'),
    draftModelPath: options.text('draftModel') ?? '',
    maxDraftTokens: options.number('maxDraftTokens', { min: 1, max: 16, integer: true }, defaultDraftTokens),
  };
}

/**
 * 0 and -1 in the settings mean that the engine chooses.
 *
 * @throws TypeError or RangeError, naming every option that is wrong.
 */
export function readLoadOptions(given: unknown): CheckedLoadOptions {
  const options = new OptionReader(given, optionNames);
  const checked = {
    settings: {
      contextSize: options.number('contextSize', { min: 16, max: 2 ** 24, integer: true }, 0),
      parallel: options.number('parallel', { min: 1, max: 64, integer: true }, 0),
      batchSize: options.number('batchSize', { min: 1, max: 65_536, integer: true }, 0),
      threads: options.numberOrAuto('threads', { min: 1, max: 1024, integer: true }, 0),
      ...readOffload(options),
      chatTemplate: options.text('chatTemplate') ?? '',
      pooling: options.choice('pooling', poolings, 'auto'),
      scheduling: readScheduling(options),
      cache: readCache(options),
      speculation: readSpeculation(options),
      profiling: options.boolean('profiling', true),
      vocabularyOnly: options.boolean('vocabularyOnly', false),
    },
    replicas: options.number('replicas', { min: 1, max: 16, integer: true }, 1),
    balancing: options.choice('balancing', balancingNames, 'prefix-affinity'),
    probe: options.boolean('probe', true),
    onProgress: readOnProgress(options),
    signal: options.signal(),
  };
  options.faults.throwIfAny();
  return checked;
}
