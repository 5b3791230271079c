import { InfernoError } from '../errors.js';
import { planRoom } from './eviction.js';
import type { RoomPlan } from './eviction.js';
import type { ManagedModel } from './managed-model.js';
import type { MemoryBudget } from './memory-budget.js';

const mebibyte = 2 ** 20;

function mebibytes(bytes: number): string {
  return `${String(Math.ceil(bytes / mebibyte))} MiB`;
}

/** Says how much was needed, how much there is, and who has the rest. */
export function noRoomError(
  id: string,
  needBytes: number,
  freeBytes: number,
  holders: readonly ManagedModel[],
): InfernoError {
  const held = holders.filter((model) => model.bytes > 0).map((model) => `${model.id} (${mebibytes(model.bytes)})`);
  const holding = held.length === 0 ? 'no other model is loaded' : `loaded: ${held.join(', ')}`;
  return new InfernoError(
    'out_of_memory',
    `The model ${JSON.stringify(id)} needs ${mebibytes(needBytes)}, but only ${mebibytes(freeBytes)} of the memory ` +
      `for models can be freed (${holding}).`,
    {
      param: 'model',
      remedy: 'Unload or unpin another model, raise --memory-budget, or use a smaller model, context or --parallel.',
    },
  );
}

/** What is to be done for the models that wait to be loaded. */
export interface QueueDecision {
  readonly start: ManagedModel | undefined;
  readonly leave: readonly ManagedModel[];
  readonly refuse: readonly { readonly model: ManagedModel; readonly error: InfernoError }[];
}

/**
 * Models that wait to be loaded, in the order they were asked for. Only the first one makes others leave; a later one may
 * go ahead of it into memory that it does not need.
 */
export class LoadQueue {
  readonly #waiting: ManagedModel[] = [];
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  push(model: ManagedModel): void {
    this.#waiting.push(model);
  }

  remove(model: ManagedModel): void {
    const at = this.#waiting.indexOf(model);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Changes nothing. `models` are all there are. */
  decide(models: readonly ManagedModel[]): QueueDecision {
    const refuse: { model: ManagedModel; error: InfernoError }[] = [];
    let leave: readonly ManagedModel[] = [];
    let pledgedBytes = 0;
    let isFirst = true;
    for (const model of this.#waiting) {
      const { needBytes } = model;
      if (needBytes === undefined) continue;
      const plan = this.#plan(needBytes, pledgedBytes, isFirst, models);
      if (plan.kind === 'fits') return { start: model, leave, refuse };
      if (plan.kind === 'impossible') {
        const holders = models.filter((one) => !one.isEvictable);
        refuse.push({ model, error: noRoomError(model.id, needBytes, plan.freeBytes, holders) });
        continue;
      }
      if (isFirst) leave = plan.victims;
      isFirst = false;
      pledgedBytes += needBytes;
    }
    return { start: undefined, leave, refuse };
  }

  #plan(
    needBytes: number,
    pledgedBytes: number,
    mayEvict: boolean,
    models: readonly ManagedModel[],
  ): RoomPlan<ManagedModel> {
    const heldBytes = models.reduce((sum, model) => sum + model.bytes, 0);
    const limitBytes = this.#budget.limitBytes(heldBytes);
    return planRoom({ needBytes, limitBytes, pledgedBytes, mayEvict }, models);
  }
}
