import { OptionReader } from '../api/option-reader.js';
import type { LoadModelOptions } from '../api/types.js';
import { onnxTasks } from './model-task.js';
import type { OnnxTask } from './model-task.js';
import { poolings } from './model-folder.js';
import type { Pooling } from './model-folder.js';
import type { OnnxOpenOptions } from './open-onnx-model.js';

/** How `loadOnnxModel` loads a model folder. */
export interface LoadOnnxModelOptions
  extends
    OnnxOpenOptions,
    Pick<LoadModelOptions, 'contextSize' | 'parallel' | 'batchSize' | 'chatTemplate' | 'scheduling' | 'profiling'> {
  /** Which of several graphs: `quantized` is model_quantized.onnx. Default: model.onnx. */
  readonly variant?: string;
  /** What the model is for; default: by its config.json and its graph. */
  readonly task?: OnnxTask;
  /** How the vectors of a text's tokens become one; default: as the folder says, else mean. */
  readonly pooling?: Pooling;
}

const optionNames = [
  'variant',
  'task',
  'pooling',
  'contextSize',
  'parallel',
  'batchSize',
  'chatTemplate',
  'scheduling',
  'profiling',
  'providers',
  'optimization',
  'threads',
  'config',
  'freeDimensions',
  'probe',
  'signal',
] as const satisfies readonly (keyof LoadOnnxModelOptions)[];

export interface CheckedOnnxOptions {
  readonly variant: string | undefined;
  readonly task: OnnxTask | undefined;
  readonly pooling: Pooling | undefined;
  readonly generation: Pick<LoadModelOptions, 'contextSize' | 'parallel' | 'batchSize' | 'chatTemplate' | 'scheduling'>;
  readonly profiling: boolean;
  readonly open: OnnxOpenOptions;
  readonly signal: AbortSignal | undefined;
}

/** Of an option that may be left out. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

function readGeneration(options: OptionReader): CheckedOnnxOptions['generation'] {
  const size = (name: string, max: number, min: number): number | undefined =>
    options.raw(name) === undefined ? undefined : options.number(name, { min, max, integer: true }, min);
  const group = options.group('scheduling', ['policy', 'queueCapacity', 'minWorkers', 'targetLatencyMs']);
  const scheduling = {
    policy: group.choice('policy', ['priority', 'fifo'], 'priority'),
    queueCapacity: group.number('queueCapacity', { min: 1, max: 1_000_000, integer: true }, 10_000),
    minWorkers: group.number('minWorkers', { min: 1, max: 64, integer: true }, 1),
    targetLatencyMs: group.number('targetLatencyMs', { min: 0, max: 60_000 }, 0),
  };
  return {
    ...given('contextSize', size('contextSize', 2 ** 24, 16)),
    ...given('parallel', size('parallel', 64, 1)),
    ...given('batchSize', size('batchSize', 65_536, 1)),
    ...given('chatTemplate', options.text('chatTemplate')),
    scheduling,
  };
}

/** @throws TypeError or RangeError, naming every option that is wrong. */
export function readOnnxOptions(options: LoadOnnxModelOptions | undefined): CheckedOnnxOptions {
  const reader = new OptionReader(options, optionNames);
  const task = reader.raw('task') === undefined ? undefined : reader.choice('task', onnxTasks, 'embed');
  const pooling = reader.raw('pooling') === undefined ? undefined : reader.choice('pooling', poolings, 'mean');
  const variant = reader.text('variant');
  const generation = readGeneration(reader);
  const profiling = reader.boolean('profiling', true);
  const signal = reader.signal();
  const probe = reader.boolean('probe', true);
  const { providers, optimization, threads, config, freeDimensions } = options ?? {};
  reader.faults.throwIfAny();
  const open = {
    ...given('providers', providers),
    ...given('optimization', optimization),
    ...given('threads', threads),
    ...given('config', config),
    ...given('freeDimensions', freeDimensions),
    ...given('signal', signal),
    probe,
  };
  return { variant, task, pooling, generation, profiling, open, signal };
}
