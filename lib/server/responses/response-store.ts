/** Responses that can be fetched and continued: the newest of this process, within bounds. */
import type { InputItem } from './input-items.js';

export interface StoredResponse {
  readonly id: string;
  /** Nobody else gets to see it. */
  readonly owner: string;
  readonly json: string;
  /** What it was asked with, earlier responses included. */
  readonly input: readonly InputItem[];
  readonly output: readonly InputItem[];
}

export interface StoreLimits {
  readonly mostResponses: number;
  readonly mostBytes: number;
}

export const defaultStoreLimits: StoreLimits = { mostResponses: 10_000, mostBytes: 64 * 1024 * 1024 };

/** About what an entry takes beside its texts. */
const entryBytes = 1024;

export class ResponseStore {
  readonly #limits: StoreLimits;
  /** Oldest first. */
  readonly #responses = new Map<string, { readonly stored: StoredResponse; readonly bytes: number }>();
  readonly #itemOwners = new Map<string, string>();
  #bytes = 0;

  constructor(limits: StoreLimits = defaultStoreLimits) {
    this.#limits = limits;
  }

  /** The oldest make room. */
  add(stored: StoredResponse): void {
    const bytes = entryBytes + stored.json.length + JSON.stringify(stored.input).length;
    if (bytes > this.#limits.mostBytes) return;
    this.#responses.set(stored.id, { stored, bytes });
    this.#bytes += bytes;
    for (const { id } of stored.output) if (id != null) this.#itemOwners.set(id, stored.id);
    for (const oldest of this.#responses.keys()) {
      const { mostResponses, mostBytes } = this.#limits;
      if (this.#responses.size <= mostResponses && this.#bytes <= mostBytes) break;
      this.remove(oldest);
    }
  }

  find(id: string, owner: string): StoredResponse | undefined {
    const stored = this.#responses.get(id)?.stored;
    return stored?.owner === owner ? stored : undefined;
  }

  /** An item of an answer, by its id. */
  findItem(id: string, owner: string): InputItem | undefined {
    const response = this.find(this.#itemOwners.get(id) ?? '', owner);
    return response?.output.find((item) => item.id === id);
  }

  remove(id: string): void {
    const entry = this.#responses.get(id);
    if (entry === undefined) return;
    this.#responses.delete(id);
    this.#bytes -= entry.bytes;
    for (const { id: item } of entry.stored.output) if (item != null) this.#itemOwners.delete(item);
  }
}
