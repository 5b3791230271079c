import { endKey, jobKey, runKey } from './background-record.js';
import type { BackgroundRecord, JournalItem } from './background-record.js';

export interface ReadEntry {
  readonly key: string;
  readonly item: JournalItem;
}

export interface Recovered {
  /** Oldest first. */
  readonly records: readonly BackgroundRecord[];
  /** Left behind by a process that ended between two changes that belong together. */
  readonly obsoleteKeys: readonly string[];
  readonly warnings: readonly string[];
}

/** The first end counts: it may have been shown. */
function addEnd(records: Map<string, BackgroundRecord>, id: string, entry: ReadEntry, faults: string[]): string[] {
  const { item } = entry;
  if (item.kind !== 'end') return [];
  const { end, bytes } = item;
  const other = records.get(id);
  if (other?.end !== undefined) {
    faults.push(`The background request ${id} has ended twice; its first end counts.`);
    if (other.end.starts < end.starts) return [entry.key];
  }
  records.set(id, { id, ticket: end.ticket, job: undefined, bytes, starts: end.starts, unfinished: 0, end });
  return other?.end === undefined ? [] : [endKey(id, other.end.starts)];
}

/** Puts together what the entries of a journal say about each record. */
export function recover(entries: readonly ReadEntry[]): Recovered {
  const records = new Map<string, BackgroundRecord>();
  const warnings: string[] = [];
  const obsoleteKeys: string[] = [];
  for (const entry of entries) {
    if (entry.item.kind === 'end') obsoleteKeys.push(...addEnd(records, entry.item.id, entry, warnings));
  }
  for (const { item } of entries) {
    if (item.kind !== 'job') continue;
    const { id, job, bytes } = item;
    if (records.has(id)) obsoleteKeys.push(jobKey(id));
    else records.set(id, { id, ticket: job.ticket, job, bytes, starts: 0, unfinished: 0, end: undefined });
  }
  for (const { item } of entries) {
    if (item.kind !== 'run') continue;
    const record = records.get(item.id);
    if (record === undefined || record.end !== undefined) obsoleteKeys.push(runKey(item.id));
    else Object.assign(record, { starts: item.run.starts, unfinished: item.run.unfinished });
  }
  const unknown = entries.filter(({ item }) => item.kind === 'unknown').length;
  if (unknown > 0) {
    warnings.push(
      `${String(unknown)} entries of the journal are not readable by this version and were left as they are.`,
    );
  }
  const oldestFirst = [...records.values()].sort((a, b) => a.ticket.sequence - b.ticket.sequence);
  return { records: oldestFirst, obsoleteKeys, warnings };
}
