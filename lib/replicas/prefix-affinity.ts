import { createHash } from 'node:crypto';

/** Characters of a prompt that make one more key. */
const blockCharacters = 256;
/** Longer beginnings say nothing more about where a prompt was seen. */
const mostBlocks = 64;
const mostKeys = 16_384;

/** One key for every whole block that the prompt begins with, each over all the text up to it. Token ids count as text. */
export function prefixKeys(prompt: string): string[] {
  const keys: string[] = [];
  const hash = createHash('sha1');
  for (let end = blockCharacters; end <= prompt.length && keys.length < mostBlocks; end += blockCharacters) {
    hash.update(prompt.slice(end - blockCharacters, end));
    keys.push(hash.copy().digest('base64'));
  }
  return keys;
}

/** Which replica has last seen the beginning of a prompt. */
export class PrefixAffinity {
  /** Least lately used first. */
  readonly #replicas = new Map<string, number>();

  find(keys: readonly string[]): number | undefined {
    for (let at = keys.length - 1; at >= 0; at--) {
      const replica = this.#replicas.get(keys[at] ?? '');
      if (replica !== undefined) return replica;
    }
    return undefined;
  }

  remember(keys: readonly string[], replica: number): void {
    for (const key of keys) {
      this.#replicas.delete(key);
      this.#replicas.set(key, replica);
    }
    for (const oldest of this.#replicas.keys()) {
      if (this.#replicas.size <= mostKeys) break;
      this.#replicas.delete(oldest);
    }
  }
}
