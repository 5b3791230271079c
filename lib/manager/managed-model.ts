import { createHash } from 'node:crypto';
import { packageVersion } from '../version.js';
import type { MemoryHolder } from './eviction.js';
import { isLoadable } from './model-source.js';
import { servableOf } from '../onnx/servable-graph.js';
import type { AnyLoadedModel, LoadableModelSource, ModelSource, ServableModel, ServedModel } from './model-source.js';
import { ModelWait } from './model-wait.js';
import type { WaitEnd } from './model-wait.js';

/** A model in memory, and how many use it. */
export class LoadedModel implements ServedModel {
  readonly id: string;
  readonly model: ServableModel;
  readonly fingerprint: string;
  /** Called when the last use has ended. */
  onIdle: (() => void) | undefined;
  #uses = 0;
  /** By `performance.now()`; 0 = not yet. */
  #lastUsedMs = 0;

  constructor(id: string, model: ServableModel) {
    this.id = id;
    this.model = model;
    const identity = `${id}\n${model.info.description}\n${String(model.info.sizeBytes)}`;
    // A build and what it runs, beginning as llama-server's do: some of its clients look for that.
    this.fingerprint = `b${packageVersion}-${createHash('sha256').update(identity).digest('hex').slice(0, 10)}`;
  }

  get isBusy(): boolean {
    return this.#uses > 0;
  }

  get lastUsedMs(): number {
    return this.isBusy ? performance.now() : this.#lastUsedMs;
  }

  begin(): void {
    this.#uses++;
  }

  end(): void {
    this.#lastUsedMs = performance.now();
    if (--this.#uses === 0) this.onIdle?.();
  }
}

/** Why a loaded model goes: `room` may be taken back, what was `asked` for may not. */
export type LeaveReason = 'room' | 'asked';

export type ModelState =
  | { readonly kind: 'unloaded' }
  /** Waits for its turn and for memory. */
  | { readonly kind: 'queued' }
  /** `abort` is absent when somebody else loads it. */
  | { readonly kind: 'loading'; readonly abort?: AbortController }
  | { readonly kind: 'loaded'; readonly served: LoadedModel }
  /** Takes no new generations and ends those it has. */
  | { readonly kind: 'leaving'; readonly served: LoadedModel; readonly reason: LeaveReason }
  | { readonly kind: 'unloading'; readonly served: LoadedModel }
  | { readonly kind: 'failed'; readonly error: unknown; readonly retryAtMs: number };

/** What clients are told. */
export type ShownState = 'loading' | 'loaded' | 'unloaded' | 'failed';

const shownStates: Record<ModelState['kind'], ShownState> = {
  unloaded: 'unloaded',
  queued: 'loading',
  loading: 'loading',
  loaded: 'loaded',
  leaving: 'loaded',
  unloading: 'loaded',
  failed: 'failed',
};

const retryFirstMs = 1000;
const retryLongestMs = 60_000;

/** One model of the server: its settings, where it stands, and who waits for it. Decisions are the manager's. */
export class ManagedModel implements MemoryHolder {
  readonly source: ModelSource;
  /** Unix seconds. */
  readonly created = Math.floor(Date.now() / 1000);
  state: ModelState = { kind: 'unloaded' };
  pinned: boolean;
  ttlMs: number;
  /** Part of being ready. */
  isAskedAtStart: boolean;
  hasBeenLoaded = false;
  /** Why it was not loaded yet, if it was tried. */
  startError: unknown;
  /** Settles with the first loading. */
  readonly firstLoad: Promise<void>;
  /** It is to be loaded even when nobody waits any more. */
  isWanted = false;
  /** Unloading was asked for while it loads for others. */
  leavesAfterLoading = false;
  /** Of the last loading. */
  loadMs: number | undefined;
  /** Estimated until it was loaded once, measured then; undefined while not known. */
  needBytes: number | undefined;
  readonly #waits = new Set<ModelWait>();
  #settleFirst: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  #onGone: (() => void)[] = [];
  #progress = 0;
  #failures = 0;
  #lastUsedMs = 0;

  constructor(source: ModelSource) {
    this.source = source;
    const loadable = isLoadable(source) ? source : undefined;
    this.pinned = loadable === undefined || loadable.pinned === true;
    this.ttlMs = (loadable?.ttlSeconds ?? 0) * 1000;
    this.isAskedAtStart = loadable === undefined || loadable.loadAtStart === true;
    this.firstLoad = new Promise((resolve, reject) => {
      this.#settleFirst = { resolve, reject };
    });
    // Not everybody asks.
    this.firstLoad.catch(() => undefined);
  }

  get id(): string {
    return this.source.id;
  }

  /** Undefined for one that its owner loads. */
  get loadable(): LoadableModelSource | undefined {
    return isLoadable(this.source) ? this.source : undefined;
  }

  get shownState(): ShownState {
    return shownStates[this.state.kind];
  }

  /** Undefined unless it is in memory. */
  get served(): LoadedModel | undefined {
    return 'served' in this.state ? this.state.served : undefined;
  }

  get bytes(): number {
    if (this.state.kind === 'loading') return this.needBytes ?? 0;
    const measured = this.state.kind === 'unloading' ? undefined : this.#measure();
    if (measured !== undefined) this.needBytes = measured;
    return this.served === undefined ? 0 : (this.needBytes ?? 0);
  }

  get isLeaving(): boolean {
    return this.state.kind === 'leaving' || this.state.kind === 'unloading';
  }

  get isEvictable(): boolean {
    return this.state.kind === 'loaded' && !this.pinned;
  }

  get isBusy(): boolean {
    return this.served?.isBusy === true;
  }

  get lastUsedMs(): number {
    return Math.max(this.#lastUsedMs, this.served?.lastUsedMs ?? 0);
  }

  get progress(): number {
    if (this.state.kind === 'loading')
      return isLoadable(this.source) ? this.#progress : (this.source.progress?.() ?? 0);
    return this.served === undefined ? 0 : 1;
  }

  set progress(fraction: number) {
    this.#progress = fraction;
  }

  get hasWaits(): boolean {
    return this.#waits.size > 0;
  }

  addWait(limitMs: number, onEnd: (how: WaitEnd) => void): ModelWait {
    const wait = new ModelWait(this.id, limitMs, (ended, how) => {
      this.#waits.delete(ended);
      onEnd(how);
    });
    this.#waits.add(wait);
    return wait;
  }

  /** It can be used, and those who wait for it get it. */
  deliver(served: LoadedModel): void {
    this.hasBeenLoaded = true;
    this.#settleFirst?.resolve();
    for (const wait of [...this.#waits]) wait.deliver(served);
  }

  /** It cannot be used now, which those who wait for it are told. */
  refuse(error: unknown): void {
    if (!this.hasBeenLoaded) this.startError = error;
    this.#settleFirst?.reject(error);
    for (const wait of [...this.#waits]) wait.fail(error);
  }

  /** It is not part of being ready any more. */
  release(): void {
    this.isAskedAtStart = false;
    this.#settleFirst?.resolve();
  }

  /** Resolves when it has left the memory, at once if it is not there. */
  async gone(): Promise<void> {
    if (this.state.kind === 'unloaded' || this.state.kind === 'failed') return;
    await new Promise<void>((resolve) => this.#onGone.push(resolve));
  }

  becomeLoaded(model: AnyLoadedModel, loadMs: number | undefined): LoadedModel {
    const served = new LoadedModel(this.id, servableOf(model));
    this.state = { kind: 'loaded', served };
    this.isWanted = false;
    this.loadMs = loadMs;
    this.#failures = 0;
    // Having been loaded counts as a use, or the newest would be the first to leave.
    this.#lastUsedMs = performance.now();
    return served;
  }

  becomeUnloaded(): void {
    this.#lastUsedMs = this.lastUsedMs;
    this.state = { kind: 'unloaded' };
    this.isWanted = false;
    this.leavesAfterLoading = false;
    this.#progress = 0;
    for (const tell of this.#onGone.splice(0)) tell();
  }

  /** Each failure in a row doubles the time until it may be tried again. */
  becomeFailed(error: unknown): void {
    const pause = Math.min(retryLongestMs, retryFirstMs * 2 ** this.#failures++);
    const retryAtMs = this.loadable === undefined ? Infinity : performance.now() + pause;
    this.becomeUnloaded();
    this.state = { kind: 'failed', error, retryAtMs };
    this.refuse(error);
  }

  /** Undefined when it cannot be said; its owner may have unloaded it. */
  #measure(): number | undefined {
    try {
      return this.served?.model.memoryBytes?.();
    } catch {
      return 0;
    }
  }
}
