import type { Tier } from '../native-types.js';
import { InfernoError } from '../errors.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ExchangeRegistry } from './exchange-registry.js';
import type { ServedModel } from './model-catalog.js';
import { QueueLoad } from './queue-load.js';
import type { ObservedModel } from './queue-load.js';
import type { RequestRoom } from './rate-limit-headers.js';
import type { RequestScheduling } from './request-scheduling.js';
import type { ResolvedLimits } from './server-limits.js';

/** Share of the queue up to which a tier is taken; what is left is for better ones. */
const takenUpTo: Readonly<Record<Tier, number>> = { vip: 1, high: 0.95, normal: 0.9, low: 0.9 };
/** A deadline is refused at once when the wait is expected to be this many times as long. */
const hopelessFactor = 2;

/** Decides, before anything is submitted, what the server takes on, and when what it refuses should come again. */
export class Admission {
  readonly #exchanges: ExchangeRegistry;
  readonly #limits: ResolvedLimits;
  readonly #loads = new WeakMap<ObservedModel, QueueLoad>();
  /** Generations of requests that wait for others and are not submitted. */
  held = 0;

  constructor(exchanges: ExchangeRegistry, limits: ResolvedLimits) {
    this.#exchanges = exchanges;
    this.#limits = limits;
  }

  loadOf(model: ObservedModel): QueueLoad {
    let load = this.#loads.get(model);
    if (load === undefined) {
      load = new QueueLoad(model);
      this.#loads.set(model, load);
    }
    return load;
  }

  /** Of those models that can be looked at: one may just have been unloaded. */
  loadsOf(models: readonly ServedModel[]): { readonly id: string; readonly load: QueueLoad }[] {
    return models.flatMap(({ id, model }) => {
      const load = this.loadOf(model);
      try {
        return load.status.capacity > 0 ? [{ id, load }] : [];
      } catch (error) {
        if (InfernoError.isInstance(error)) return [];
        throw error;
      }
    });
  }

  /** No generation more is taken, whatever its model. */
  get isFull(): boolean {
    return this.#exchanges.generations + this.held >= this.#limits.maxGenerations;
  }

  /** For generations of that tier on this model. */
  room(model: ObservedModel, tier: Tier): RequestRoom {
    const load = this.loadOf(model);
    const { capacity, drainMs, workers } = load.status;
    const onServer = this.#limits.maxGenerations - this.#exchanges.generations - this.held;
    const free = Math.max(0, workers.limit - Math.max(workers.busy, load.generations));
    const onModel = Math.floor(capacity * takenUpTo[tier]) - load.waiting + free;
    const limit = Math.min(this.#limits.maxGenerations, capacity + workers.limit);
    return { limit, remaining: Math.min(limit, Math.max(0, onServer), Math.max(0, onModel)), resetMs: drainMs };
  }

  /** The refusal of a request of `count` generations, if it is refused. `remainingMs`: to its deadline; 0 is none. */
  refusal(
    model: ObservedModel,
    count: number,
    scheduling: RequestScheduling,
    remainingMs: number,
  ): ErrorReply | undefined {
    const load = this.loadOf(model);
    return (
      this.#refusalByLimit(load, count) ??
      this.#refusalByLevel(load, count, scheduling.tier) ??
      this.#refusalByDeadline(load, scheduling.tier, remainingMs)
    );
  }

  #refusalByLimit(load: QueueLoad, count: number): ErrorReply | undefined {
    const excess = this.#exchanges.generations + this.held + count - this.#limits.maxGenerations;
    if (excess <= 0) return undefined;
    const message = 'The server has as many generations as it accepts.';
    return { ...errorReply('queue_full', message), retryAfterSeconds: load.retrySeconds(excess) };
  }

  #refusalByLevel(load: QueueLoad, count: number, tier: Tier): ErrorReply | undefined {
    const { capacity } = load.status;
    const { waiting } = load;
    const excess = load.waitingWith(count) - capacity;
    if (excess > 0) {
      const message = `${String(waiting)} generations wait for this model, and it keeps at most ${String(capacity)}.`;
      return { ...errorReply('queue_full', message), retryAfterSeconds: load.retrySeconds(excess) };
    }
    const limit = takenUpTo[tier];
    if (load.fill < limit) return undefined;
    const message = `The server is overloaded and takes no requests of priority "${tier}" at the moment.`;
    const retryAfterSeconds = load.retrySeconds(waiting - limit * capacity + 1);
    return { ...errorReply('overloaded', message), retryAfterSeconds };
  }

  #refusalByDeadline(load: QueueLoad, tier: Tier, remainingMs: number): ErrorReply | undefined {
    if (remainingMs === 0) return undefined;
    const expectedMs = Math.round(load.earliestStartMs(tier, remainingMs));
    if (expectedMs <= hopelessFactor * remainingMs) return undefined;
    const message =
      `The request is expected to start in ${String(expectedMs)} ms at the earliest, ` +
      `but must have started in ${String(Math.round(remainingMs))} ms.`;
    return errorReply('deadline_exceeded', message);
  }
}
