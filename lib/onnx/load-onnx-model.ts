import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { expected, InfernoError } from '../errors.js';
import type { NativeOnnxSession } from '../native-onnx-types.js';
import { resolveModel } from '../models/registry.js';
import { graphInfo } from './encoder-info.js';
import { readOnnxOptions } from './load-onnx-options.js';
import type { CheckedOnnxOptions, LoadOnnxModelOptions } from './load-onnx-options.js';
import { readModelFolder } from './model-folder.js';
import type { OnnxModelFolder, Pooling } from './model-folder.js';
import { taskOf } from './model-task.js';
import type { OnnxTask } from './model-task.js';
import { OnnxModel } from './onnx-model.js';
import type { OnnxValueInfo } from './onnx-model.js';
import { OnnxTextModel } from './onnx-text-model.js';
import { openOnnxSession } from './open-onnx-model.js';
import { SequenceBatcher } from './sequence-batcher.js';
import type { BatcherOptions } from './sequence-batcher.js';
import { labelSettingsOf, TextEncoder } from './text-encoder.js';
import { createTextGenerator } from './text-generator.js';
import type { TextGenerator } from './text-generator.js';
import { TextTokenizer } from './tokenizer.js';

/** Names that exporters give to vectors of whole texts, and to those of their tokens. */
const pooledNames = ['sentence_embedding', 'text_embeds', 'pooler_output'] as const;
const tokenNames = ['last_hidden_state', 'token_embeddings', 'hidden_states'] as const;

/** Where nothing says how long an input may be. */
const defaultMaxLength = 512;

/** Encoders with larger files compute one batch at a time, on all cores. */
const maxTwiceBytes = 256 * 2 ** 20;

/** What of the graph is asked for. */
interface SequenceOutput {
  readonly output: OnnxValueInfo;
  /** How rows of tokens become one; none where the graph gives one row per input. */
  readonly pooling: Pooling | 'none';
}

interface LoadedParts {
  readonly folder: OnnxModelFolder;
  readonly session: NativeOnnxSession;
  readonly model: OnnxModel;
  readonly tokenizer: TextTokenizer;
  readonly options: CheckedOnnxOptions;
}

function outputNamed({ outputs }: OnnxModel, names: readonly string[], rank: number): OnnxValueInfo | undefined {
  return names.flatMap(
    (name) => outputs.find((output) => output.name === name && output.dims.length === rank) ?? [],
  )[0];
}

/** Where vectors come from: pooled by the graph unless a pooling was asked for, else of each token. */
function embeddingOutput({ folder, model, options }: LoadedParts): SequenceOutput {
  const pooling = options.pooling ?? folder.pooling;
  const whole = outputNamed(model, pooledNames.slice(0, 2), 2);
  if (whole !== undefined && options.pooling === undefined) return { output: whole, pooling: 'none' };
  const ofTokens = outputNamed(model, tokenNames, 3) ?? model.outputs.find(({ dims }) => dims.length === 3);
  if (ofTokens !== undefined) return { output: ofTokens, pooling: pooling ?? 'mean' };
  const other = whole ?? outputNamed(model, pooledNames, 2) ?? model.outputs.find(({ dims }) => dims.length === 2);
  if (other !== undefined) return { output: other, pooling: 'none' };
  throw new InfernoError('unsupported_model', 'The graph has no output of vectors: none with two or three dimensions.');
}

function headOutput({ model }: LoadedParts): SequenceOutput {
  const logits = outputNamed(model, ['logits'], 2) ?? model.outputs.find(({ dims }) => dims.length === 2);
  if (logits !== undefined) return { output: logits, pooling: 'none' };
  throw new InfernoError('unsupported_model', 'The graph has no output of logits: none with two dimensions.');
}

/** Another session with one thread for batches side by side, where the weights are small enough to be there twice. */
async function openSingle({ folder, options }: LoadedParts): Promise<NativeOnnxSession | undefined> {
  const { threads, providers = [] } = options.open;
  const isOnCpu = providers.every((provider) => (typeof provider === 'string' ? provider : provider.name) === 'cpu');
  if (threads !== undefined || !isOnCpu || folder.sizeBytes > maxTwiceBytes || availableParallelism() === 1) return;
  return openOnnxSession(folder.graphPath, { ...options.open, threads: 1, probe: false });
}

async function openBatcher(parts: LoadedParts, options: BatcherOptions): Promise<SequenceBatcher> {
  const single = await openSingle(parts);
  try {
    return new SequenceBatcher(parts.session, options, single);
  } finally {
    await single?.close();
  }
}

async function encoderModel(parts: LoadedParts, task: Exclude<OnnxTask, 'generate'>): Promise<OnnxTextModel> {
  const { folder, model, tokenizer } = parts;
  const { output, pooling } = task === 'embed' ? embeddingOutput(parts) : headOutput(parts);
  const { maxLength = defaultMaxLength, padId } = folder;
  const batcher = await openBatcher(parts, { output: output.name, pooling, maxLength, padId });
  const encoder = new TextEncoder({ folder, tokenizer, batcher });
  const info = graphInfo({
    name: basename(folder.directory),
    sizeBytes: folder.sizeBytes,
    folder,
    output,
    maxLength: encoder.maxLength,
    vocabularySize: tokenizer.vocabularySize,
    task,
    ...(task === 'embed' ? (pooling === 'none' ? {} : { pooling }) : ({ pooling: 'rank' } as const)),
    classLabels: task === 'embed' ? [] : labelSettingsOf(folder).labels,
  });
  return new OnnxTextModel({ task, info, model, tokenizer, encoder, batcher, generator: undefined });
}

async function generatorModel({ folder, session, model, tokenizer, options }: LoadedParts): Promise<OnnxTextModel> {
  const { contextSize, parallel, batchSize, chatTemplate, scheduling } = options.generation;
  const sizes = { contextSize: contextSize ?? 0, parallel: parallel ?? 0, batchSize: batchSize ?? 0 };
  const generator: TextGenerator = await createTextGenerator(session, {
    tokens: tokenizer.table,
    addedTokens: tokenizer.addedTokens,
    tokenize: (text, kind) => tokenizer.tokenize(text, { addSpecial: kind === 'prompt', parseSpecial: true }),
    ...(folder.bosId === undefined ? {} : { bosToken: folder.bosId }),
    endTokens: folder.endIds,
    chatTemplate: chatTemplate ?? folder.chatTemplate,
    name: basename(folder.directory),
    architecture: folder.config.model_type ?? '',
    trainContextSize: folder.maxLength ?? 0,
    ...sizes,
    ...(scheduling === undefined ? {} : { scheduling }),
    profiling: options.profiling,
  });
  const { info } = generator;
  return new OnnxTextModel({
    task: 'generate',
    info,
    model,
    tokenizer,
    encoder: undefined,
    batcher: undefined,
    generator,
  });
}

/** What has a separator or ends in .onnx is a path and everything else an id, as for `loadModel`. */
async function pathOf(pathOrId: unknown): Promise<string> {
  if (typeof pathOrId !== 'string' || pathOrId === '') {
    throw new TypeError(expected('a path or a model id', 'pathOrId', pathOrId));
  }
  if (/[\\/]/u.test(pathOrId) || pathOrId.toLowerCase().endsWith('.onnx')) return pathOrId;
  const { path, format } = await resolveModel(pathOrId);
  if (format === 'onnx') return path;
  throw new InfernoError('unsupported_model', `The model ${pathOrId} is no ONNX model.`, {
    remedy: `Load it with loadModel('${pathOrId}').`,
  });
}

/** The public `loadOnnxModel`, which loads this file when it is first called. */
export async function loadOnnxModel(pathOrId: string, options?: LoadOnnxModelOptions): Promise<OnnxTextModel> {
  const checked = readOnnxOptions(options);
  checked.signal?.throwIfAborted();
  const folder = await readModelFolder(await pathOf(pathOrId), checked.variant);
  const tokenizer = new TextTokenizer(folder);
  const session = await openOnnxSession(folder.graphPath, checked.open);
  const model = new OnnxModel(session);
  try {
    const names = (values: readonly OnnxValueInfo[]): string[] => values.map(({ name }) => name);
    const [inputs, outputs] = [names(model.inputs), names(model.outputs)];
    const task =
      checked.task ?? taskOf({ config: folder.config, isSentenceModel: folder.isSentenceModel, inputs, outputs });
    const parts = { folder, session, model, tokenizer, options: checked };
    return await (task === 'generate' ? generatorModel(parts) : encoderModel(parts, task));
  } catch (error) {
    await model.close();
    throw error;
  }
}
