import { InfernoError } from '../errors.js';
import { planRoom } from './eviction.js';
import { IdleTimers } from './idle-timers.js';
import { LoadQueue, noRoomError } from './load-queue.js';
import { ManagedModel } from './managed-model.js';
import type { LeaveReason } from './managed-model.js';
import { MemoryBudget } from './memory-budget.js';
import { isLoadable } from './model-source.js';
import type { AnyLoadedModel, ModelSource, ServedModel } from './model-source.js';
import type { ModelWait, WaitEnd } from './model-wait.js';

export interface ManagerOptions {
  /** Memory that models may hold together; default: 90 % of what this process may use. */
  readonly memoryBudgetBytes?: number | undefined;
  /** How long a request waits for a model at most. */
  readonly waitLimitMs: number;
  /** Requests that may wait for models, all together. */
  readonly maxWaits: number;
  /** Told of every loading that has ended, before those who wait get the model. */
  readonly onLoaded?: ((load: EndedLoad) => void) | undefined;
}

/** A loading that has ended, well or with an error. Times by `performance.now()`. */
export interface EndedLoad {
  readonly modelId: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly errorCode: string | undefined;
}

/** What a request for a model comes to. */
export type Resolution =
  | { readonly served: ServedModel }
  | { readonly pending: ModelWait }
  /** An `InfernoError`, or whatever loading it rejected with. */
  | { readonly error: unknown };

/** What may be changed while the server runs. */
export interface ModelSettings {
  readonly pinned?: boolean | undefined;
  /** 0 = no limit. */
  readonly ttlSeconds?: number | undefined;
}

/**
 * The models of one server: which are loaded, which are not, and who has to leave for whom. One model is loaded at a
 * time, since two would only compete for the disk. Nothing is unloaded under a generation: a model that has to leave
 * takes no new ones, ends those it has, and those who ask for it meanwhile wait for its return.
 */
export class ModelManager {
  readonly #models = new Map<string, ManagedModel>();
  readonly #all: readonly ManagedModel[];
  readonly #budget: MemoryBudget;
  readonly #queue: LoadQueue;
  readonly #options: ManagerOptions;
  readonly #idle = new IdleTimers((model) => {
    this.#leave(model, 'asked');
  });
  readonly #work = new Set<Promise<void>>();
  #waits = 0;
  #isLoading = false;
  #isClosed = false;

  /** @throws RangeError for no sources, for two of one id, and for options out of range. */
  constructor(sources: readonly ModelSource[], options: ManagerOptions) {
    if (sources.length === 0) throw new RangeError('Expected at least one model for models but received none.');
    this.#options = options;
    this.#budget = new MemoryBudget(options.memoryBudgetBytes);
    this.#queue = new LoadQueue(this.#budget);
    for (const source of sources) {
      if (this.#models.has(source.id))
        throw new RangeError(`Expected different ids for models but received ${source.id} twice.`);
      this.#models.set(source.id, new ManagedModel(source));
    }
    this.#all = [...this.#models.values()];
    for (const model of this.#all) this.#adopt(model);
  }

  get models(): readonly ManagedModel[] {
    return this.#all;
  }

  get(id: string): ManagedModel | undefined {
    return this.#models.get(id);
  }

  /** Loads what is to be loaded at start, one after the other. */
  start(): void {
    for (const model of this.#all) {
      if (!model.isAskedAtStart || model.loadable === undefined) continue;
      model.isWanted = true;
      this.#demand(model);
    }
  }

  /** Resolves once everything that was asked for at start has been loaded; rejects with the first failure. */
  async ready(): Promise<void> {
    await Promise.all(this.#all.filter((model) => model.isAskedAtStart).map((model) => model.firstLoad));
  }

  /** The model of that id, or the first one; loads it if it is not. */
  resolve(id: string | undefined): Resolution {
    const model = id === undefined ? this.#all[0] : this.#models.get(id);
    if (model === undefined) return { error: unknownModel(id ?? '') };
    const { state } = model;
    if (state.kind === 'loaded') return state;
    if (state.kind === 'failed' && performance.now() < state.retryAtMs) return state;
    return this.#wait(model);
  }

  /** Loads it, also before a failed one would be tried again. The caller lets go of the wait when its client leaves. */
  load(id: string, settings: ModelSettings): Resolution {
    const model = this.#models.get(id);
    if (model === undefined) return { error: unknownModel(id) };
    this.#apply(model, settings);
    model.leavesAfterLoading = false;
    const { state } = model;
    if (state.kind === 'loaded') return state;
    if (state.kind === 'failed' && model.loadable === undefined) return state;
    return this.#wait(model);
  }

  /**
   * Begins to unload it; its running and waiting generations end first.
   *
   * @throws InfernoError `invalid_argument` for one that is pinned or that its owner loaded.
   */
  unload(id: string, settings: ModelSettings): ManagedModel {
    const model = this.#models.get(id);
    if (model === undefined) throw unknownModel(id);
    if (model.loadable === undefined) {
      throw new InfernoError(
        'invalid_argument',
        `The model ${JSON.stringify(id)} was loaded by the program that runs this server, which alone can unload it.`,
      );
    }
    this.#apply(model, settings);
    if (model.pinned) {
      throw new InfernoError(
        'invalid_argument',
        `The model ${JSON.stringify(id)} is pinned; unpin it with "pin": false.`,
      );
    }
    model.release();
    this.#dismiss(model);
    return model;
  }

  /** Ends loadings that nobody waits for; what somebody waits for goes on. */
  beginClose(): void {
    for (const model of this.#all) {
      if (!model.hasWaits) this.#callOff(model);
    }
  }

  /** Refuses who waits, ends loadings and generations, unloads everything it has loaded. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const model of this.#all) {
      this.#idle.disarm(model);
      model.refuse(new InfernoError('shutting_down', 'The server is shutting down.'));
      this.#callOff(model);
      const { state } = model;
      if (model.loadable !== undefined && (state.kind === 'loaded' || state.kind === 'leaving')) this.#unload(model);
    }
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** One that its owner loads, or has loaded. */
  #adopt(model: ManagedModel): void {
    if (isLoadable(model.source)) return;
    const given = model.source.model;
    if (!(given instanceof Promise)) {
      model.deliver(model.becomeLoaded(given, undefined));
      return;
    }
    model.state = { kind: 'loading' };
    given.then(
      (loaded) => {
        model.deliver(model.becomeLoaded(loaded, undefined));
      },
      (error: unknown) => {
        model.becomeFailed(error);
      },
    );
  }

  #apply(model: ManagedModel, { pinned, ttlSeconds }: ModelSettings): void {
    if (model.loadable === undefined) return;
    if (pinned !== undefined) model.pinned = pinned;
    if (ttlSeconds !== undefined) model.ttlMs = ttlSeconds * 1000;
    this.#idle.arm(model);
    // Who was refused for a pinned model asks again by itself, but who waits may have another choice now.
    this.#pump();
  }

  #wait(model: ManagedModel): Resolution {
    if (this.#isClosed) return { error: new InfernoError('shutting_down', 'The server is shutting down.') };
    if (this.#waits >= this.#options.maxWaits) {
      return { error: new InfernoError('queue_full', 'As many requests wait for models as the server accepts.') };
    }
    const pending = model.addWait(this.#options.waitLimitMs, (how) => {
      this.#waitEnded(model, how);
    });
    this.#waits++;
    if (model.state.kind === 'unloaded' || model.state.kind === 'failed') this.#demand(model);
    return { pending };
  }

  /** A load that runs goes on, as the client may ask again; one that waits for memory is dropped with its last waiter. */
  #waitEnded(model: ManagedModel, how: WaitEnd): void {
    this.#waits--;
    if (model.state.kind !== 'queued') return;
    if (how === 'timed out') model.isWanted = true;
    else if (how === 'left' && !model.hasWaits && !model.isWanted) this.#callOff(model);
  }

  /** Puts it into the queue of those to be loaded. */
  #demand(model: ManagedModel): void {
    model.state = { kind: 'queued' };
    this.#queue.push(model);
    if (model.needBytes === undefined) this.#track(this.#estimate(model));
    else this.#pump();
  }

  async #estimate(model: ManagedModel): Promise<void> {
    try {
      model.needBytes = (await model.loadable?.estimateBytes?.()) ?? 0;
    } catch {
      // Loading says what is wrong with the file.
      model.needBytes = 0;
    }
    this.#pump();
  }

  /** Starts, refuses and makes room as the queue says. To be called after everything that may change its mind. */
  #pump(): void {
    if (this.#isLoading || this.#isClosed) return;
    const { start, leave, refuse } = this.#queue.decide(this.#all);
    for (const { model, error } of refuse) {
      this.#queue.remove(model);
      // Not `failed`: there may be room by the next time somebody asks.
      model.becomeUnloaded();
      model.refuse(error);
    }
    for (const victim of leave) this.#leave(victim, 'room');
    if (start !== undefined) this.#track(this.#load(start));
  }

  async #load(model: ManagedModel): Promise<void> {
    const { loadable } = model;
    if (loadable === undefined) return;
    this.#queue.remove(model);
    const abort = new AbortController();
    model.state = { kind: 'loading', abort };
    this.#isLoading = true;
    const startedMs = performance.now();
    try {
      const loaded = await loadable.load(abort.signal, (fraction) => {
        model.progress = fraction;
      });
      this.#options.onLoaded?.(endedLoad(model.id, startedMs, undefined));
      this.#loaded(model, loaded, Math.round(performance.now() - startedMs));
    } catch (error) {
      const code = abort.signal.aborted ? 'cancelled' : InfernoError.isInstance(error) ? error.code : 'internal_error';
      this.#options.onLoaded?.(endedLoad(model.id, startedMs, code));
      if (abort.signal.aborted) this.#unloaded(model);
      else model.becomeFailed(error);
    } finally {
      this.#isLoading = false;
    }
    this.#pump();
  }

  #loaded(model: ManagedModel, loaded: AnyLoadedModel, loadMs: number): void {
    const wasCalledOff = model.state.kind === 'loading' && model.state.abort?.signal.aborted === true;
    const { leavesAfterLoading } = model;
    const served = model.becomeLoaded(loaded, loadMs);
    const refusal = this.#settle(model);
    if (refusal !== undefined) {
      model.refuse(refusal);
      this.#leave(model, 'asked');
      return;
    }
    model.deliver(served);
    this.#idle.arm(model);
    if (leavesAfterLoading || (wasCalledOff && !served.isBusy)) this.#leave(model, 'asked');
  }

  /** It may take more than was estimated: then others leave after all, or it has to go itself. */
  #settle(model: ManagedModel): InfernoError | undefined {
    const others = this.#all.filter((other) => other !== model);
    const request = {
      needBytes: model.bytes,
      limitBytes: this.#budget.ceilingBytes(),
      pledgedBytes: 0,
      mayEvict: true,
    };
    const plan = planRoom(request, others);
    if (plan.kind === 'impossible') {
      const holders = others.filter((other) => !other.isEvictable);
      return noRoomError(model.id, request.needBytes, plan.freeBytes, holders);
    }
    if (plan.kind === 'wait') for (const victim of plan.victims) this.#leave(victim, 'room');
    return undefined;
  }

  /** Unloads a loaded model once nobody uses it. */
  #leave(model: ManagedModel, reason: LeaveReason): void {
    const { served } = model;
    if (served === undefined || model.state.kind === 'unloading') return;
    model.state = { kind: 'leaving', served, reason };
    this.#idle.disarm(model);
    if (!served.isBusy) {
      this.#unload(model);
      return;
    }
    served.onIdle = () => {
      // Not here: this is called while the model's events are handed out.
      queueMicrotask(() => {
        if (model.state.kind === 'leaving' && model.served === served && !served.isBusy) this.#unload(model);
      });
    };
  }

  #unload(model: ManagedModel): void {
    const { served, loadable } = model;
    if (served === undefined || loadable === undefined) return;
    served.onIdle = undefined;
    // Measured for the last time: it is what the next loading will need.
    model.needBytes = model.bytes;
    model.state = { kind: 'unloading', served };
    const unload = async (): Promise<void> => {
      try {
        await (loadable.unload === undefined ? served.model.unload?.() : loadable.unload(served.model));
      } finally {
        this.#unloaded(model);
        this.#pump();
      }
    };
    // There is nobody to tell of a failure to unload, and nothing else to do than to go on without the model.
    this.#track(unload().catch(() => undefined));
  }

  /** Those who asked for it meanwhile get it back. */
  #unloaded(model: ManagedModel): void {
    model.becomeUnloaded();
    if (model.hasWaits && !this.#isClosed) this.#demand(model);
  }

  /** Unloads it, now or as soon as it can be. */
  #dismiss(model: ManagedModel): void {
    const { kind } = model.state;
    if (kind === 'loaded' || kind === 'leaving') this.#leave(model, 'asked');
    else if (kind === 'failed') model.becomeUnloaded();
    else if (kind === 'queued' || kind === 'loading') {
      if (model.hasWaits) model.leavesAfterLoading = true;
      else this.#callOff(model);
    }
  }

  /** Takes back what is not done yet. */
  #callOff(model: ManagedModel): void {
    if (model.state.kind === 'loading') model.state.abort?.abort();
    if (model.state.kind !== 'queued') return;
    this.#queue.remove(model);
    model.becomeUnloaded();
    this.#reprieve();
  }

  /** Somebody does not need the room any more: who was to leave for it and has not yet, stays, unless the next one asks. */
  #reprieve(): void {
    if (this.#isClosed) return;
    for (const model of this.#all) {
      if (model.state.kind !== 'leaving' || model.state.reason !== 'room') continue;
      const { served } = model.state;
      served.onIdle = undefined;
      model.state = { kind: 'loaded', served };
      model.deliver(served);
      this.#idle.arm(model);
    }
    this.#pump();
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}

function endedLoad(modelId: string, startedMs: number, errorCode: string | undefined): EndedLoad {
  return { modelId, startedMs, endedMs: performance.now(), errorCode };
}

function unknownModel(id: string): InfernoError {
  const message = `The model ${JSON.stringify(id.slice(0, 200))} does not exist on this server.`;
  return new InfernoError('model_not_found', message, { param: 'model' });
}
