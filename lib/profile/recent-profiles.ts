import type { RequestProfile } from './request-profile.js';

const mostKept = 1000;

/** The last 1,000 requests in full. */
export class RecentProfiles {
  readonly #kept: RequestProfile[] = [];
  #next = 0;

  add(profile: RequestProfile): void {
    this.#kept[this.#next] = profile;
    this.#next = (this.#next + 1) % mostKept;
  }

  get size(): number {
    return this.#kept.length;
  }

  /** Newest first, those that `fits`, at most `limit`. */
  latest(limit: number, fits: (profile: RequestProfile) => boolean = () => true): RequestProfile[] {
    const found: RequestProfile[] = [];
    for (let back = 1; back <= this.#kept.length && found.length < limit; back++) {
      const profile = this.#kept[(this.#next - back + mostKept) % mostKept];
      if (profile !== undefined && fits(profile)) found.push(profile);
    }
    return found;
  }
}
