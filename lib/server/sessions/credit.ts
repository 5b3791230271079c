/** What a client allows to be sent. Nothing is limited until it grants some of it. */
export class Credit {
  /** Undefined: not limited. Below zero after a message larger than what was left. */
  #tokens: number | undefined;
  #bytes: number | undefined;

  grant(tokens: number | undefined, bytes: number | undefined): void {
    if (tokens !== undefined) this.#tokens = Math.min(Number.MAX_SAFE_INTEGER, (this.#tokens ?? 0) + tokens);
    if (bytes !== undefined) this.#bytes = Math.min(Number.MAX_SAFE_INTEGER, (this.#bytes ?? 0) + bytes);
  }

  /** More tokens may be made. */
  get isLeft(): boolean {
    return this.allows(1);
  }

  /** A message may go while any credit is left, and is charged in full: tokens of one step are never split. */
  allows(tokens: number): boolean {
    return (tokens === 0 || this.#tokens === undefined || this.#tokens > 0) && (this.#bytes ?? 1) > 0;
  }

  charge(tokens: number, bytes: number): void {
    if (this.#tokens !== undefined) this.#tokens -= tokens;
    if (this.#bytes !== undefined) this.#bytes -= bytes;
  }
}
