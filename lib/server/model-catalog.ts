import { createHash } from 'node:crypto';
import type { TokenSink, TokenStream } from '../api/token-sink.js';
import type { ModelInfo } from '../api/types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';

/** What the server needs of a loaded model. */
export interface ServableModel {
  readonly info: ModelInfo;
  submit(request: NativeGenerationRequest, sink: TokenSink): TokenStream;
  detokenize(tokens: Int32Array): string;
}

/** A model to serve, loaded or on its way. */
export interface ModelSource {
  /** The name clients use; never a path. */
  readonly id: string;
  readonly model: ServableModel | Promise<ServableModel>;
  /** Of the loading, 0 to 1; shown by /health/ready. */
  readonly progress?: () => number;
  readonly ownedBy?: string;
}

/** A loaded model with the names answers carry. */
export interface ServedModel {
  readonly id: string;
  readonly model: ServableModel;
  readonly fingerprint: string;
}

type EntryState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly served: ServedModel }
  | { readonly kind: 'failed'; readonly error: ErrorReply };

class CatalogEntry {
  /** Unix seconds. */
  readonly created = Math.floor(Date.now() / 1000);
  #state: EntryState = { kind: 'loading' };

  constructor(readonly source: ModelSource) {
    if (source.model instanceof Promise) {
      source.model.then(
        (model) => {
          this.#ready(model);
        },
        (error: unknown) => {
          this.#state = { kind: 'failed', error: thrownReply(error) };
        },
      );
    } else {
      this.#ready(source.model);
    }
  }

  get state(): EntryState {
    return this.#state;
  }

  get progress(): number {
    if (this.#state.kind === 'ready') return 1;
    return this.#state.kind === 'failed' ? 0 : (this.source.progress?.() ?? 0);
  }

  #ready(model: ServableModel): void {
    const { id } = this.source;
    const identity = `${id}\n${model.info.description}\n${String(model.info.sizeBytes)}`;
    const fingerprint = `fp_${createHash('sha256').update(identity).digest('hex').slice(0, 10)}`;
    this.#state = { kind: 'ready', served: { id, model, fingerprint } };
  }
}

/** The models of one server by id. */
export class ModelCatalog {
  readonly #entries = new Map<string, CatalogEntry>();

  constructor(sources: readonly ModelSource[]) {
    if (sources.length === 0) throw new RangeError('Expected at least one model for models but received none.');
    for (const source of sources) {
      if (this.#entries.has(source.id))
        throw new RangeError(`Expected different ids for models but received ${source.id} twice.`);
      this.#entries.set(source.id, new CatalogEntry(source));
    }
  }

  /** The model of that id, or the first one when no id is given; or the error to answer with. */
  resolve(id: string | undefined): { readonly served: ServedModel } | { readonly error: ErrorReply } {
    const entry = id === undefined ? this.#entries.values().next().value : this.#entries.get(id);
    if (entry === undefined) {
      return {
        error: errorReply(
          'model_not_found',
          `The model ${JSON.stringify(id?.slice(0, 200))} does not exist on this server.`,
          'model',
        ),
      };
    }
    const { state } = entry;
    if (state.kind === 'ready') return { served: state.served };
    if (state.kind === 'failed') return { error: state.error };
    return {
      error: errorReply('model_loading', `The model ${JSON.stringify(entry.source.id)} is still loading.`, 'model'),
    };
  }

  /** JSON value of one model in OpenAI's shape, or undefined. */
  describe(id: string): Record<string, unknown> | undefined {
    const entry = this.#entries.get(id);
    return entry && describeEntry(entry);
  }

  describeAll(): Record<string, unknown>[] {
    return [...this.#entries.values()].map(describeEntry);
  }

  /** The first failure if there is one, else 'loading' until every model is ready. */
  readiness(): 'ready' | 'loading' | { readonly error: ErrorReply } {
    const states = [...this.#entries.values()].map((entry) => entry.state);
    const failed = states.find((state) => state.kind === 'failed');
    if (failed?.kind === 'failed') return { error: failed.error };
    return states.every((state) => state.kind === 'ready') ? 'ready' : 'loading';
  }

  progress(): { id: string; status: EntryState['kind']; progress: number }[] {
    return [...this.#entries].map(([id, entry]) => ({ id, status: entry.state.kind, progress: entry.progress }));
  }
}

function describeEntry(entry: CatalogEntry): Record<string, unknown> {
  const { state, source, created } = entry;
  return {
    id: source.id,
    object: 'model',
    created,
    owned_by: source.ownedBy ?? 'inferno',
    status: state.kind,
    ...(state.kind === 'ready' ? { context_window: state.served.model.info.contextSize } : {}),
  };
}
