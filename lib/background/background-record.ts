import { z } from 'zod';
import { tiers } from '../native-types.js';

/**
 * What lies in the journal, all JSON. A record that has not ended is `job/ID`, and `run/ID` once it was started. One
 * that has ended is `end/ID/START`, where START numbers the start that ended it; the other two are then removed.
 */
export const journalVersion = 1;

const scheduling = z.object({
  tier: z.enum(tiers),
  user: z.string(),
  /** From `createdMs` on, until it must have started; 0 is none. */
  deadlineMs: z.number().nonnegative(),
  estimatedTokens: z.int().nonnegative(),
  tags: z.array(z.string()),
});

/** What is known of a record from its submission on and for as long as it is kept. */
const ticket = z.object({
  version: z.literal(journalVersion),
  /** Rises with every record; the order of records that arrived in the same millisecond. */
  sequence: z.int().positive(),
  createdMs: z.number().nonnegative(),
  /** Whose it is; nobody else gets to see it. */
  owner: z.string(),
  /** The path it was posted to. */
  endpoint: z.string(),
  model: z.string(),
  requestId: z.string(),
  /** Of the span of that request, when it was traced. */
  traceparent: z.string().optional(),
  scheduling,
  /** Of the first submission, which a repeated one must equal. */
  bodyHash: z.string(),
  idempotencyKey: z.string().optional(),
});

const job = z.object({
  ticket,
  /** Generations it makes. */
  weight: z.int().positive(),
  body: z.record(z.string(), z.unknown()),
});

const run = z.object({
  version: z.literal(journalVersion),
  starts: z.int().positive(),
  /** Starts that the process did not live to see the end of. */
  unfinished: z.int().nonnegative(),
});

const end = z.object({
  ticket,
  status: z.enum(['completed', 'failed', 'cancelled']),
  endedMs: z.number().nonnegative(),
  starts: z.int().nonnegative(),
  /** The answer's JSON as text, so that it is the same bytes for ever. */
  response: z.string().optional(),
  /** JSON of `{"error":{…}}`. */
  error: z.string().optional(),
});

export type Scheduling = z.infer<typeof scheduling>;
export type Ticket = z.infer<typeof ticket>;
export type Job = z.infer<typeof job>;
export type Run = z.infer<typeof run>;
export type End = z.infer<typeof end>;

/** An entry of the journal, read. */
export type JournalItem =
  | { readonly kind: 'job'; readonly id: string; readonly job: Job; readonly bytes: number }
  | { readonly kind: 'run'; readonly id: string; readonly run: Run }
  | { readonly kind: 'end'; readonly id: string; readonly end: End; readonly bytes: number }
  /** Not ours to read: written by another version, or damaged in a way that a checksum does not see. */
  | { readonly kind: 'unknown' };

export const jobKey = (id: string): string => `job/${id}`;
export const runKey = (id: string): string => `run/${id}`;
export const endKey = (id: string, starts: number): string => `end/${id}/${String(starts)}`;

export function encode(value: Job | Run | End): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

export function decode(key: string, value: Uint8Array): JournalItem {
  const [kind = '', id = '', starts] = key.split('/');
  const json = parseJson(value);
  const bytes = value.byteLength;
  if (kind === 'job') {
    const read = job.safeParse(json);
    if (read.success) return { kind, id, job: read.data, bytes };
  } else if (kind === 'run') {
    const read = run.safeParse(json);
    if (read.success) return { kind, id, run: read.data };
  } else if (kind === 'end') {
    const read = end.safeParse(json);
    if (read.success && starts === String(read.data.starts)) return { kind, id, end: read.data, bytes };
  }
  return { kind: 'unknown' };
}

/** A background request, as the process knows it. The store keeps it equal to the journal. */
export interface BackgroundRecord {
  readonly id: string;
  readonly ticket: Ticket;
  /** Undefined once it has ended. */
  job: Job | undefined;
  /** In the journal. */
  bytes: number;
  starts: number;
  unfinished: number;
  /** Set when the journal has it, and never changed. */
  end: End | undefined;
}
