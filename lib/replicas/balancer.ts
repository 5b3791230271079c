import { PrefixAffinity } from './prefix-affinity.js';

export const balancingNames = ['prefix-affinity', 'earliest-completion', 'least-loaded', 'round-robin'] as const;
export type Balancing = (typeof balancingNames)[number];

/** What a replica has to do, counted where requests are handed out. */
export interface ReplicaLoad {
  /** Generations that were submitted and have not ended. */
  readonly generations: number;
  /** Tokens they are expected to need. */
  readonly tokens: number;
  /** Measured lately; 0 = nothing yet. */
  readonly tokensPerSecond: number;
  /** Requests failed on it one after the other; it is given only what nobody else can take, and a trial now and then. */
  readonly isAiling: boolean;
}

/** What is to be placed. */
export interface Placement {
  /** Keys of ever longer beginnings of its prompt; see `prefixKeys`. */
  readonly prefixKeys: readonly string[];
  readonly tokens: number;
}

/** A replica that knows the prompt's beginning is left when another would be done this much sooner (seconds). */
const affinityPatience = 2;
/** Assumed as long as no replica has been measured. */
const assumedTokensPerSecond = 50;

/** Chooses the replica for each request. Ties go round, so that no replica is forgotten. */
export class Balancer {
  readonly #strategy: Balancing;
  readonly #affinity = new PrefixAffinity();
  #turn = 0;

  constructor(strategy: Balancing) {
    this.#strategy = strategy;
  }

  /** Index into `loads`. REQUIRES: at least one. */
  choose(placement: Placement, loads: readonly ReplicaLoad[]): number {
    const healthy = [...loads.keys()].filter((index) => loads[index]?.isAiling === false);
    const candidates = healthy.length === 0 ? [...loads.keys()] : healthy;
    const chosen = this.#pick(placement, loads, candidates);
    this.#turn++;
    if (this.#strategy === 'prefix-affinity') this.#affinity.remember(placement.prefixKeys, chosen);
    return chosen;
  }

  #pick(placement: Placement, loads: readonly ReplicaLoad[], candidates: readonly number[]): number {
    switch (this.#strategy) {
      case 'round-robin':
        return this.#nextInTurn(candidates);
      case 'least-loaded':
        return this.#least(candidates, (index) => loads[index]?.tokens ?? 0);
      case 'earliest-completion':
        return this.#least(candidates, (index) => this.#secondsTo(placement, loads, index));
      case 'prefix-affinity': {
        const soonest = this.#least(candidates, (index) => this.#secondsTo(placement, loads, index));
        const known = this.#affinity.find(placement.prefixKeys);
        if (known === undefined || !candidates.includes(known)) return soonest;
        const lead = this.#secondsTo(placement, loads, known) - this.#secondsTo(placement, loads, soonest);
        return lead > affinityPatience ? soonest : known;
      }
    }
  }

  /** Until it would be done there, what is before it included. An unmeasured replica is as fast as the others. */
  #secondsTo(placement: Placement, loads: readonly ReplicaLoad[], index: number): number {
    const load = loads[index];
    if (load === undefined) return Infinity;
    const measured = loads.filter(({ tokensPerSecond }) => tokensPerSecond > 0);
    const mean = measured.reduce((sum, { tokensPerSecond }) => sum + tokensPerSecond, 0) / measured.length;
    const rate = load.tokensPerSecond || mean || assumedTokensPerSecond;
    return (load.tokens + placement.tokens) / rate;
  }

  #nextInTurn(candidates: readonly number[]): number {
    return candidates[this.#turn % candidates.length] ?? 0;
  }

  #least(candidates: readonly number[], costOf: (index: number) => number): number {
    const costs = candidates.map(costOf);
    const least = Math.min(...costs);
    return this.#nextInTurn(candidates.filter((_, at) => costs[at] === least));
  }
}
