import type { ManagedModel, ShownState } from '../manager/managed-model.js';
import { ModelManager } from '../manager/model-manager.js';
import type { ManagerOptions, Resolution } from '../manager/model-manager.js';
import { capabilitiesOf } from '../manager/model-source.js';
import type { ModelSource, ServableModel, ServedModel } from '../manager/model-source.js';
import type { ModelWait } from '../manager/model-wait.js';
import { thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import { charactersPerToken } from './schemas/text-length.js';

export type { ModelSource, ServableModel, ServedModel } from '../manager/model-source.js';

/** A model to answer with; or one that will be there; or the error to answer with. */
export type ResolvedModel =
  { readonly served: ServedModel } | { readonly pending: ModelWait } | { readonly error: ErrorReply };

function answerable(resolution: Resolution): ResolvedModel {
  return 'error' in resolution ? { error: thrownReply(resolution.error) } : resolution;
}

export interface CatalogOptions extends ManagerOptions {
  /** A name that no model has means the first model. */
  readonly anyName: boolean;
}

/** The models of one server as its clients see them. */
export class ModelCatalog {
  readonly manager: ModelManager;
  readonly #anyName: boolean;

  constructor(sources: readonly ModelSource[], options: CatalogOptions) {
    this.manager = new ModelManager(sources, options);
    this.#anyName = options.anyName;
  }

  /** The model of that id, or the first one when no id is given. */
  resolve(id: string | undefined): ResolvedModel {
    const meansFirst = this.#anyName && id !== undefined && this.manager.get(id) === undefined;
    return answerable(this.manager.resolve(meansFirst ? undefined : id));
  }

  /** The same, for a request to load it. */
  load(...request: Parameters<ModelManager['load']>): ResolvedModel {
    return answerable(this.manager.load(...request));
  }

  /** JSON value of one model in OpenAI's shape, or undefined. */
  describe(id: string): Record<string, unknown> | undefined {
    const model = this.manager.get(id);
    return model && describeModel(model);
  }

  describeAll(): Record<string, unknown>[] {
    return this.manager.models.map(describeModel);
  }

  /** Those that answer now. */
  get ready(): readonly ServedModel[] {
    return this.manager.models.flatMap(({ state }) =>
      state.kind === 'loaded' || state.kind === 'leaving' ? [state.served] : [],
    );
  }

  /** Characters of a text that some model may take at most; Infinity while a model is not in memory and may be any. */
  get longestText(): number {
    const { models } = this.manager;
    const ready = this.ready;
    if (ready.length < models.length) return Infinity;
    const sizes = ready.map(({ model }) => Math.max(model.info.contextSize, model.info.trainContextSize));
    return Math.max(0, ...sizes) * charactersPerToken;
  }

  /** Of what was asked for at start: the first failure if there is one, else 'loading' until all were loaded once. */
  readiness(): 'ready' | 'loading' | { readonly error: ErrorReply } {
    const missing = this.#startModels().filter((model) => !model.hasBeenLoaded);
    const failed = missing.find((model) => model.startError !== undefined);
    if (failed !== undefined) return { error: thrownReply(failed.startError) };
    return missing.length === 0 ? 'ready' : 'loading';
  }

  progress(): { id: string; status: ShownState; progress: number }[] {
    return this.#startModels().map(({ id, shownState, progress }) => ({ id, status: shownState, progress }));
  }

  #startModels(): readonly ManagedModel[] {
    return this.manager.models.filter((model) => model.isAskedAtStart);
  }
}

/** Unix seconds of a time by `performance.now()`; null for never. */
function unixSeconds(ms: number): number | null {
  return ms === 0 ? null : Math.floor((performance.timeOrigin + ms) / 1000);
}

/** What is known of a loaded model only. Graphs without a vocabulary have no context. */
function describeLoaded(model: ServableModel): Record<string, unknown> {
  const { contextSize } = model.info;
  return {
    ...(contextSize > 0 ? { context_window: contextSize } : {}),
    capabilities: capabilitiesOf(model),
  };
}

function describeModel(model: ManagedModel): Record<string, unknown> {
  const { served, shownState } = model;
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: model.source.ownedBy ?? 'inferno',
    format: served?.model.format ?? model.source.format ?? 'gguf',
    state: shownState,
    ...(shownState === 'loading' ? { progress: model.progress } : {}),
    memory_bytes: model.bytes,
    last_used: unixSeconds(model.lastUsedMs),
    pinned: model.pinned,
    ttl_seconds: model.ttlMs / 1000,
    ...(model.loadMs === undefined ? {} : { load_ms: model.loadMs }),
    ...(served === undefined ? {} : describeLoaded(served.model)),
  };
}
