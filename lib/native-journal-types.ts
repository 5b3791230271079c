/** The part of the addon's contract that keeps background work: a durable map. */

export interface NativeJournalOptions {
  /** Made when it does not exist. One process at a time may have it open. */
  readonly directory: string;
  /** zstd, 1 to 22. */
  readonly compressionLevel: number;
  readonly checkpointIntervalMs: number;
}

export interface NativeJournalStats {
  readonly entries: number;
  readonly appends: number;
  /** fdatasync calls for them; fewer than appends when commits were grouped. */
  readonly syncs: number;
  readonly checkpoints: number;
  readonly logBytes: number;
}

/** A durable map from key to bytes: a log of changes, and checkpoints of the whole map. */
export interface NativeJournal {
  /** Resolves when the change would survive a power cut. Rejects with 'journal_unavailable'. */
  put(key: string, value: Uint8Array): Promise<void>;
  /** Like `put`; a key that is not there is fine. */
  remove(key: string): Promise<void>;
  /** Writes a checkpoint now and starts a new log. */
  checkpoint(): Promise<void>;
  stats(): NativeJournalStats;
  /** Waits for what was put, writes a last checkpoint, releases the folder. Idempotent. */
  close(): Promise<void>;
}

export interface NativeOpenedJournal {
  readonly journal: NativeJournal;
  readonly entries: readonly { readonly key: string; readonly value: Uint8Array }[];
  /** What was wrong with the files and what was done about it, a sentence each. */
  readonly warnings: readonly string[];
}
