/** Loads of the generator as part of a trial: what makes them invalid, and what scenarios take from them. */
import type { LoadSummary } from '../lib/bench/load/load-summary.js';
import type { GeneratedLoad, GeneratedResult } from './client-protocol.js';
import type { Trial } from './server-trial.js';
import { InvalidRun } from './whole-answer.js';

/** Enough for the timeline of a page; summaries are of all requests. */
const keepRecords = 500;

export async function generate(
  { server, client }: Trial,
  loads: readonly GeneratedLoad[],
): Promise<readonly GeneratedResult[]> {
  return client.generate({ port: server.port, loads, keepRecords });
}

/** Throws InvalidRun when a request failed: an answer that did not come is not fast. */
export function withoutFailures(summary: LoadSummary): LoadSummary {
  const [kind] = Object.keys(summary.errors);
  if (kind === undefined) return summary;
  const failures = `${String(summary.failed)} of ${String(summary.requests)} requests failed`;
  throw new InvalidRun(`${failures}: ${kind}: ${summary.firstFailures[kind] ?? ''}`);
}

/** One load, of which no request failed. */
export async function generateWhole(trial: Trial, load: GeneratedLoad): Promise<LoadSummary> {
  const [result] = await generate(trial, [load]);
  if (result === undefined) throw new InvalidRun('The client measured nothing.');
  return withoutFailures(result.summary);
}
