import { createHash, timingSafeEqual } from 'node:crypto';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Checks bearer keys. Digests are compared, all of them every time, so the time taken says nothing about the keys. */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    if (keys.some((key) => key === '')) throw new RangeError('Expected non-empty strings for apiKeys.');
    this.#digests = keys.map(digest);
  }

  /** True when no keys are configured, so that nobody needs one. */
  get isEmpty(): boolean {
    return this.#digests.length === 0;
  }

  /** Which of the keys the `Authorization` header carries; -1 for none of them. */
  indexOf(authorization: string): number {
    if (this.isEmpty) return -1;
    const match = /^bearer +(\S+) *$/i.exec(authorization);
    const given = digest(match?.[1] ?? '');
    let index = -1;
    for (const [at, known] of this.#digests.entries()) index = timingSafeEqual(known, given) ? at : index;
    return match === null ? -1 : index;
  }

  /** Names the holder of the key with that index in what is stored, without telling the key; empty for no key. */
  ownerOf(index: number): string {
    const known = this.#digests[index];
    return known === undefined ? '' : createHash('sha256').update('inferno owner').update(known).digest('hex');
  }
}
