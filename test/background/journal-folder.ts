/** A folder for a real journal, gone when the test ends, and what is put into it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackgroundStore, defaultStoreLimits } from '../../lib/background/background-store.js';
import type { StoreLimits, StoreOptions, Submission } from '../../lib/background/background-store.js';
import type { Scheduling } from '../../lib/background/background-record.js';
import { nativeAddon } from '../../lib/native.js';
import type { NativeOpenedJournal } from '../../lib/native-journal-types.js';

export class JournalFolder {
  constructor(readonly path: string) {}

  static async make(): Promise<JournalFolder> {
    return new JournalFolder(await mkdtemp(join(tmpdir(), 'inferno-journal-')));
  }

  async store(options: Partial<StoreOptions> = {}, limits: Partial<StoreLimits> = {}): Promise<BackgroundStore> {
    const all = { directory: this.path, checkpointIntervalMs: 30_000, compressionLevel: 3, retentionMs: 60_000 };
    return BackgroundStore.open({ ...all, ...options }, { ...defaultStoreLimits, ...limits });
  }

  /** The journal as it lies there, under the store. */
  async journal(): Promise<NativeOpenedJournal> {
    return nativeAddon().addon.openJournal({
      directory: this.path,
      checkpointIntervalMs: 30_000,
      compressionLevel: 3,
    });
  }

  async keys(): Promise<string[]> {
    const { journal, entries } = await this.journal();
    await journal.close();
    return entries.map(({ key }) => key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

let made = 0;

export interface SubmissionFields {
  readonly tier?: Scheduling['tier'];
  readonly owner?: string;
  readonly idempotencyKey?: string;
  readonly bodyHash?: string;
  readonly model?: string;
  readonly weight?: number;
  readonly prompt?: string;
}

export function submission(fields: SubmissionFields = {}): Submission {
  const { tier = 'low', owner = 'me', model = 'tiny', weight = 1, bodyHash = 'hash', prompt = 'Once' } = fields;
  return {
    id: `bg_${String(++made)}`,
    ticket: {
      owner,
      endpoint: '/v1/completions',
      model,
      requestId: 'req_1',
      scheduling: { tier, user: '', deadlineMs: 0, estimatedTokens: 0, tags: [] },
      bodyHash,
      ...(fields.idempotencyKey === undefined ? {} : { idempotencyKey: fields.idempotencyKey }),
    },
    weight,
    body: { model, prompt },
  };
}

export const answered = { status: 'completed', response: '{"text":"upon a time"}' } as const;
