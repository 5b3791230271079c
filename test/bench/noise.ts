/** The noise of a shared machine, simulated: slow drift, a speed that remembers, heavy tails, and now and then a stall. */
import { SeededRandom } from '../../lib/bench/seeded-random.js';

function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Student's t with three degrees of freedom: one draw in a hundred is beyond 5.8. */
function heavyTailed(random: SeededRandom): number {
  const squares = normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2;
  return normal(random) / Math.sqrt(squares / 3);
}

/** The speed of one run after the other, 1 on average or so. */
export class NoisyMachine {
  readonly #random: SeededRandom;
  readonly #drift: number;
  #remembered = 0;
  #runs = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    // Up to 30 % slower or faster over a hundred runs.
    this.#drift = (this.#random.next() * 2 - 1) * 0.003;
  }

  nextSpeed(): number {
    const random = this.#random;
    this.#runs++;
    this.#remembered = 0.9 * this.#remembered + 0.02 * normal(random);
    const stall = random.next() < 0.02 ? 0.6 : 1;
    const jitter = 1 + 0.012 * Math.max(-20, Math.min(20, heavyTailed(random)));
    const day = 1 + 0.05 * Math.sin(this.#runs / 9);
    return (1 + this.#drift * this.#runs) * Math.exp(this.#remembered) * stall * Math.max(0.1, jitter) * day;
  }
}
