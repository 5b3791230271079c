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

  /** True when no keys are configured or the `Authorization` header carries one of them. */
  accepts(authorization: string): boolean {
    if (this.#digests.length === 0) return true;
    const match = /^bearer +(\S+) *$/i.exec(authorization);
    const given = digest(match?.[1] ?? '');
    let accepted = false;
    for (const known of this.#digests) accepted = timingSafeEqual(known, given) || accepted;
    return accepted && match !== null;
  }
}
