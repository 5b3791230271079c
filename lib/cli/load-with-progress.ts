import type { LoadModelOptions } from '../api/types.js';
import type { Model } from '../api/model.js';
import { poolings } from '../onnx/model-folder.js';
import type { OnnxModel } from '../onnx/onnx-model.js';
import type { OnnxTextModel } from '../onnx/onnx-text-model.js';
import type { LoadOnnxModelOptions } from '../onnx/load-onnx-options.js';
import type { ModelChoice } from './model-choice.js';
import { ProgressLine } from './progress-line.js';

/** Of the settings for GGUF models those that graphs have, too. */
function onnxOptions(options: LoadModelOptions): LoadOnnxModelOptions {
  const { contextSize, parallel, batchSize, threads, chatTemplate, scheduling, profiling, signal } = options;
  // A reranker in ONNX is one by its folder, and tokens are always pooled there.
  const pooling = poolings.find((name) => name === options.pooling);
  const given = { contextSize, parallel, batchSize, chatTemplate, pooling, scheduling, profiling, signal };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(entries), ...(typeof threads === 'number' ? { threads } : {}) };
}

/** A folder or a graph in one gives a text model, any other graph one that takes tensors. */
async function loadOnnx(path: string, options: LoadModelOptions): Promise<OnnxTextModel | OnnxModel> {
  const { hasTokenizer } = await import('../onnx/folder-summary.js');
  const settings = onnxOptions(options);
  if (await hasTokenizer(path)) return (await import('../onnx/load-onnx-model.js')).loadOnnxModel(path, settings);
  const { threads, signal } = settings;
  const { openOnnxModel } = await import('../onnx/open-onnx-model.js');
  return openOnnxModel(path, {
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** `onProgress` gets 0 to 1, beside the progress line on stderr. */
export async function loadWithProgress(
  choice: ModelChoice,
  options: LoadModelOptions,
  onProgress?: (fraction: number) => void,
): Promise<Model | OnnxTextModel | OnnxModel> {
  const progress = new ProgressLine(`Loading ${choice.id}`);
  const report = (fraction: number): void => {
    progress.update(fraction);
    onProgress?.(fraction);
  };
  try {
    const model = await load(choice, options, report);
    progress.finish(`Loaded ${choice.id}`);
    return model;
  } catch (error) {
    progress.abandon();
    throw error;
  }
}

async function load(
  choice: ModelChoice,
  options: LoadModelOptions,
  onProgress: (fraction: number) => void,
): Promise<Model | OnnxTextModel | OnnxModel> {
  if (choice.format === 'onnx') {
    const model = await loadOnnx(choice.path, options);
    onProgress(1);
    return model;
  }
  // Here, so that --help and a wrong flag answer without loading the addon.
  const { loadModel } = await import('../api/load-model.js');
  return loadModel(choice.source, { ...options, onProgress });
}
