import type { Model } from '../api/model.js';
import type { LoadModelOptions } from '../api/types.js';
import type { ModelSource } from '../server/index.js';
import { loadWithProgress } from './load-with-progress.js';
import type { ModelChoice } from './model-choice.js';

/** One model on its way: the server holds the promise from the start, the loading comes when it is its turn. */
class ModelLoad {
  readonly choice: ModelChoice;
  readonly source: ModelSource;
  #resolve: (model: Model) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  #fraction = 0;
  #model: Model | undefined;

  constructor(choice: ModelChoice) {
    this.choice = choice;
    const model = new Promise<Model>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The server watches it too, but only once it has been started.
    model.catch(() => undefined);
    this.source = { id: choice.id, model, progress: () => this.#fraction };
  }

  async run(options: LoadModelOptions): Promise<void> {
    try {
      this.#model = await loadWithProgress(this.choice, options, (fraction) => {
        this.#fraction = fraction;
      });
      this.#resolve(this.#model);
    } catch (error) {
      this.#reject(error);
      throw error;
    }
  }

  async unload(): Promise<void> {
    await this.#model?.unload();
  }
}

/** The models of `serve`, loaded one after the other: two at once would only compete for the disk. */
export class ModelLoads {
  readonly #loads: readonly ModelLoad[];
  readonly #options: LoadModelOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(choices: readonly ModelChoice[], options: LoadModelOptions) {
    this.#loads = choices.map((choice) => new ModelLoad(choice));
    this.#options = options;
  }

  get sources(): readonly ModelSource[] {
    return this.#loads.map((load) => load.source);
  }

  /** Rejects with the first failure. */
  async run(): Promise<'loaded'> {
    this.#running = this.#loadAll();
    await this.#running;
    return 'loaded';
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** Ends a loading in progress and unloads what was loaded. */
  async unload(): Promise<void> {
    this.cancel();
    await this.#running?.catch(() => undefined);
    await Promise.all(this.#loads.map((load) => load.unload()));
  }

  async #loadAll(): Promise<void> {
    for (const load of this.#loads) await load.run({ ...this.#options, signal: this.#abort.signal });
  }
}
