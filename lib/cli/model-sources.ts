import { basename, resolve } from 'node:path';
import type { LoadModelOptions } from '../api/types.js';
import { capabilitiesOf } from '../manager/model-source.js';
import type { ModelCapability } from '../manager/model-source.js';
import { emberId, listModels } from '../models/registry.js';
import { nearest } from '../nearest.js';
import type { LoadableModelSource, ModelSource } from '../server/index.js';
import { describeError, UsageError } from './cli-error.js';
import { loadWithProgress } from './load-with-progress.js';
import type { ModelChoice } from './model-choice.js';
import { note } from './output.js';

/** The flags that say which models `serve` keeps in memory. */
export interface ModelFlags {
  readonly modelsDir?: string;
  readonly modelAutoload?: boolean;
  readonly modelTtl?: number;
  /** MiB. */
  readonly memoryBudget?: number;
  readonly pin?: readonly string[];
}

/** Of models that nobody named: they came with a request, and go when none came for this long. */
const autoloadTtlSeconds = 300;

/** Told of every loading what the model can be asked for. */
export type LoadListener = (id: string, capabilities: readonly ModelCapability[]) => void;

interface SourceSettings {
  /** Named with --model, or the default. */
  readonly isNamed: boolean;
  readonly ttlSeconds: number;
  readonly pinned: boolean;
  readonly onLoaded: LoadListener;
}

function sourceOf(choice: ModelChoice, options: LoadModelOptions, settings: SourceSettings): LoadableModelSource {
  const { isNamed, ttlSeconds, pinned, onLoaded } = settings;
  // The first failure of a named model ends the command, which says why; of others nobody else would.
  let endsCommand = isNamed;
  return {
    id: choice.id,
    file: basename(choice.path),
    format: choice.format,
    loadAtStart: isNamed,
    ttlSeconds,
    pinned,
    load: async (signal, onProgress) => {
      try {
        const model = await loadWithProgress(choice, { ...options, signal }, onProgress);
        const { servableOf } = await import('../onnx/servable-graph.js');
        onLoaded(choice.id, capabilitiesOf(servableOf(model)));
        return model;
      } catch (error) {
        if (!endsCommand && !signal.aborted) note(`Loading ${choice.id} failed: ${describeError(error).message}`);
        throw error;
      } finally {
        endsCommand = false;
      }
    },
    estimateBytes: async () => {
      if (choice.format === 'onnx') return (await import('../onnx/folder-summary.js')).onnxBytes(choice.path);
      // Here, so that --help and a wrong flag answer without loading the addon.
      const { estimateMemoryBytes } = await import('../manager/memory-estimate.js');
      return estimateMemoryBytes(choice.path, options);
    },
  };
}

/** Ember and the files of the models directory that were not named: the name they have there is the one clients use. */
async function unnamedChoices(named: readonly ModelChoice[], directory: string | undefined): Promise<ModelChoice[]> {
  const ids = new Set(named.map((choice) => choice.id));
  const paths = new Set(named.map((choice) => resolve(choice.path)));
  const found = await listModels(directory);
  return found
    .filter(({ id, path }) => !ids.has(id) && !paths.has(resolve(path)))
    .map(({ id, path, format }) => ({ id, source: id === emberId ? id : path, path, format, isDefault: false }));
}

function checkPins(pins: readonly string[], choices: readonly ModelChoice[]): void {
  const ids = choices.map((choice) => choice.id);
  const unknown = pins.find((pin) => !ids.includes(pin));
  if (unknown === undefined) return;
  const suggestion = nearest(unknown, ids);
  const hint = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
  throw new UsageError(
    `--pin names ${JSON.stringify(unknown)}, which is not served.${hint}`,
    `The ids here are: ${ids.join(', ')}.`,
  );
}

/** What the server is to serve: the named models, loaded at start, and with --model-autoload the others, when asked for. */
export async function modelSources(
  named: readonly ModelChoice[],
  options: LoadModelOptions,
  flags: ModelFlags,
  onLoaded: LoadListener,
): Promise<readonly ModelSource[]> {
  const unnamed = flags.modelAutoload === true ? await unnamedChoices(named, flags.modelsDir) : [];
  const pins = flags.pin ?? [];
  checkPins(pins, [...named, ...unnamed]);
  const sources = (choices: readonly ModelChoice[], isNamed: boolean): ModelSource[] => {
    const ttlSeconds = flags.modelTtl ?? (isNamed ? 0 : autoloadTtlSeconds);
    return choices.map((choice) =>
      sourceOf(choice, options, { isNamed, ttlSeconds, pinned: pins.includes(choice.id), onLoaded }),
    );
  };
  return [...sources(named, true), ...sources(unnamed, false)];
}
