import type { Model } from '../api/model.js';
import type { LoadModelOptions } from '../api/types.js';
import type { ModelChoice } from './model-choice.js';
import { ProgressLine } from './progress-line.js';

/** `onProgress` gets 0 to 1, beside the progress line on stderr. */
export async function loadWithProgress(
  choice: ModelChoice,
  options: LoadModelOptions,
  onProgress?: (fraction: number) => void,
): Promise<Model> {
  // Here, so that --help and a wrong flag answer without loading the addon.
  const { loadModel } = await import('../api/load-model.js');
  const progress = new ProgressLine(`Loading ${choice.id}`);
  try {
    const model = await loadModel(choice.source, {
      ...options,
      onProgress: (fraction) => {
        progress.update(fraction);
        onProgress?.(fraction);
      },
    });
    progress.finish(`Loaded ${choice.id}`);
    return model;
  } catch (error) {
    progress.abandon();
    throw error;
  }
}
