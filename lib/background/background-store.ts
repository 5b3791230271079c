import { mkdir } from 'node:fs/promises';
import { awaitNative, InfernoError } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { NativeJournal, NativeOpenedJournal } from '../native-journal-types.js';
import { decode, encode, endKey, jobKey, journalVersion, runKey } from './background-record.js';
import type { BackgroundRecord, End, Job } from './background-record.js';
import { recover } from './recovery.js';

export interface StoreOptions {
  readonly directory: string;
  readonly checkpointIntervalMs: number;
  readonly compressionLevel: number;
  /** How long records are kept that have ended. */
  readonly retentionMs: number;
}

/** Bounds of what is kept in memory and on disk. */
export interface StoreLimits {
  /** Records that have not ended, and their bytes; beyond that none is taken. */
  readonly unended: number;
  readonly unendedBytes: number;
  /** Records that have ended, and their bytes; beyond that the oldest go before their time. */
  readonly ended: number;
  readonly endedBytes: number;
}

export const defaultStoreLimits: StoreLimits = {
  unended: 10_000,
  unendedBytes: 256 * 1024 * 1024,
  ended: 10_000,
  endedBytes: 256 * 1024 * 1024,
};

/** What the store adds to a submission is the rest of its ticket. */
export interface Submission {
  readonly id: string;
  readonly ticket: Omit<Job['ticket'], 'version' | 'sequence' | 'createdMs'>;
  readonly weight: number;
  readonly body: Job['body'];
}

export type Outcome = Pick<End, 'status' | 'response' | 'error'>;

export interface Page {
  readonly records: readonly BackgroundRecord[];
  readonly hasMore: boolean;
}

function idempotencyName({
  owner,
  idempotencyKey,
}: Pick<Job['ticket'], 'owner' | 'idempotencyKey'>): string | undefined {
  return idempotencyKey === undefined ? undefined : `${owner}\n${idempotencyKey}`;
}

/**
 * All background records, in memory and in a journal that outlives the process. What a promise here has resolved for
 * survives a power cut. Rejections are `InfernoError`s `journal_unavailable`; the record is then what it was before.
 */
export class BackgroundStore {
  /** What recovery had to say, a sentence each. */
  readonly warnings: readonly string[];
  readonly #journal: NativeJournal;
  readonly #options: StoreOptions;
  readonly #limits: StoreLimits;
  /** By id, oldest first. */
  readonly #records = new Map<string, BackgroundRecord>();
  /** In the order of their ends. */
  readonly #ended = new Set<BackgroundRecord>();
  readonly #expiring = new Map<BackgroundRecord, Promise<void>>();
  readonly #byIdempotency = new Map<string, Promise<BackgroundRecord>>();
  #unended = 0;
  #unendedBytes = 0;
  #endedBytes = 0;
  #lastSequence = 0;

  /** @throws InfernoError `journal_unavailable` when the folder cannot be used, because another process does or otherwise. */
  static async open(options: StoreOptions, limits: StoreLimits = defaultStoreLimits): Promise<BackgroundStore> {
    const { directory, checkpointIntervalMs, compressionLevel } = options;
    try {
      // Prompts are in it: for its owner's eyes only. When this fails, opening it says why.
      await mkdir(directory, { recursive: true, mode: 0o700 }).catch(() => undefined);
      const { addon } = nativeAddon();
      const opened = await awaitNative(addon.openJournal({ directory, checkpointIntervalMs, compressionLevel }));
      return new BackgroundStore(opened, options, limits);
    } catch (error) {
      if (!InfernoError.isInstance(error) || error.code !== 'journal_unavailable') throw error;
      throw new InfernoError('journal_unavailable', `The journal ${directory} cannot be used: ${error.message}`, {
        cause: error,
        remedy: 'End the process that has it open, or choose another folder that this process may write to.',
      });
    }
  }

  /** Use `open`. */
  constructor({ journal, entries, warnings }: NativeOpenedJournal, options: StoreOptions, limits: StoreLimits) {
    this.#journal = journal;
    this.#options = options;
    this.#limits = limits;
    const recovered = recover(entries.map(({ key, value }) => ({ key, item: decode(key, value) })));
    this.warnings = [...warnings, ...recovered.warnings];
    for (const record of recovered.records) {
      this.#lastSequence = Math.max(this.#lastSequence, record.ticket.sequence);
      this.#count(record, 1);
      this.#remember(record);
    }
    const byEnd = recovered.records.filter((record) => record.end !== undefined);
    byEnd.sort((a, b) => (a.end?.endedMs ?? 0) - (b.end?.endedMs ?? 0));
    for (const record of byEnd) this.#ended.add(record);
    for (const key of recovered.obsoleteKeys) void this.#journal.remove(key).catch(() => undefined);
  }

  /** Those that have not ended, oldest first. */
  get unended(): BackgroundRecord[] {
    return [...this.#records.values()].filter((record) => record.end === undefined);
  }

  find(id: string, owner: string): BackgroundRecord | undefined {
    const record = this.#records.get(id);
    return record?.ticket.owner === owner ? record : undefined;
  }

  /** Newest first, from behind `after` on; undefined when there is no such record. */
  page(owner: string, limit: number, after: string | undefined): Page | undefined {
    const own = [...this.#records.values()].filter((record) => record.ticket.owner === owner).reverse();
    const start = after === undefined ? 0 : own.findIndex((record) => record.id === after) + 1;
    if (after !== undefined && start === 0) return undefined;
    return { records: own.slice(start, start + limit), hasMore: own.length > start + limit };
  }

  /** What the same owner submitted before under the same idempotency key, once it is durable. */
  repeated(ticket: Pick<Job['ticket'], 'owner' | 'idempotencyKey'>): Promise<BackgroundRecord> | undefined {
    const name = idempotencyName(ticket);
    return name === undefined ? undefined : this.#byIdempotency.get(name);
  }

  /** Rejects with `queue_full` when there are too many. REQUIRES: not `repeated`. */
  async add(submission: Submission): Promise<BackgroundRecord> {
    const name = idempotencyName(submission.ticket);
    const added = this.#add(submission);
    if (name === undefined) return added;
    this.#byIdempotency.set(name, added);
    added.catch(() => this.#byIdempotency.delete(name));
    return added;
  }

  /** Before the record is run: a process that this ends will find how often it was tried. */
  async countStart(record: BackgroundRecord): Promise<void> {
    await this.#putRun(record, record.starts + 1, record.unfinished + 1);
  }

  /** It was stopped and will be run again; its last start does not speak against it. */
  async excuseStart(record: BackgroundRecord): Promise<void> {
    await this.#putRun(record, record.starts, record.unfinished - 1);
  }

  /** REQUIRES: the record has no end, and no other call for one is under way. */
  async end(record: BackgroundRecord, outcome: Outcome): Promise<void> {
    const end: End = { ticket: record.ticket, ...outcome, endedMs: Date.now(), starts: record.starts };
    const value = encode(end);
    await awaitNative(this.#journal.put(endKey(record.id, end.starts), value));
    this.#count(record, -1);
    record.end = end;
    record.job = undefined;
    record.bytes = value.byteLength;
    this.#count(record, 1);
    this.#ended.add(record);
    // Should this fail, the next recovery does it.
    void this.#forgetJob(record).catch(() => undefined);
    this.removeExpired();
  }

  /** REQUIRES: the record has ended. */
  async remove(record: BackgroundRecord): Promise<void> {
    const { id, end } = record;
    if (end === undefined) throw new InfernoError('internal_error', `The record ${id} has not ended.`);
    // In this order: without its end, a record would be run again.
    await this.#forgetJob(record);
    await awaitNative(this.#journal.remove(endKey(id, end.starts)));
    if (!this.#records.delete(id)) return;
    this.#ended.delete(record);
    this.#count(record, -1);
    const name = idempotencyName(record.ticket);
    if (name !== undefined) this.#byIdempotency.delete(name);
  }

  /** Removes what has been kept long enough, and the oldest of too many. */
  removeExpired(): void {
    const oldestMs = Date.now() - this.#options.retentionMs;
    let [count, bytes] = [this.#ended.size, this.#endedBytes];
    for (const record of this.#ended) {
      const isExpired = (record.end?.endedMs ?? 0) < oldestMs;
      if (!isExpired && count <= this.#limits.ended && bytes <= this.#limits.endedBytes) break;
      count--;
      bytes -= record.bytes;
      if (!this.#expiring.has(record)) this.#expiring.set(record, this.#expire(record));
    }
  }

  /** Waits for what was put. */
  async close(): Promise<void> {
    await Promise.all(this.#expiring.values());
    await awaitNative(this.#journal.close());
  }

  async #add({ id, ticket, weight, body }: Submission): Promise<BackgroundRecord> {
    const full: Job['ticket'] = {
      version: journalVersion,
      sequence: ++this.#lastSequence,
      createdMs: Date.now(),
      ...ticket,
    };
    const job: Job = { ticket: full, weight, body };
    const value = encode(job);
    if (this.#unended >= this.#limits.unended || this.#unendedBytes + value.byteLength > this.#limits.unendedBytes) {
      throw new InfernoError('queue_full', 'The server has as much background work as it accepts.');
    }
    const bytes = value.byteLength;
    const record = { id, ticket: full, job, bytes, starts: 0, unfinished: 0, end: undefined };
    this.#count(record, 1);
    try {
      await awaitNative(this.#journal.put(jobKey(id), value));
    } catch (error) {
      this.#count(record, -1);
      throw error;
    }
    this.#records.set(id, record);
    return record;
  }

  async #expire(record: BackgroundRecord): Promise<void> {
    // What the disk refuses now is tried again at the next occasion.
    await this.remove(record).catch(() => undefined);
    this.#expiring.delete(record);
  }

  async #putRun(record: BackgroundRecord, starts: number, unfinished: number): Promise<void> {
    const value = encode({ version: journalVersion, starts, unfinished });
    await awaitNative(this.#journal.put(runKey(record.id), value));
    record.starts = starts;
    record.unfinished = unfinished;
  }

  async #forgetJob(record: BackgroundRecord): Promise<void> {
    await Promise.all([
      awaitNative(this.#journal.remove(jobKey(record.id))),
      awaitNative(this.#journal.remove(runKey(record.id))),
    ]);
  }

  #remember(record: BackgroundRecord): void {
    this.#records.set(record.id, record);
    const name = idempotencyName(record.ticket);
    if (name !== undefined) this.#byIdempotency.set(name, Promise.resolve(record));
  }

  #count(record: BackgroundRecord, sign: 1 | -1): void {
    if (record.end !== undefined) {
      this.#endedBytes += sign * record.bytes;
    } else {
      this.#unended += sign;
      this.#unendedBytes += sign * record.bytes;
    }
  }
}
