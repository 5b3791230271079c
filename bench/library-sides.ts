/** Libraries from npm as further sides of a decode scenario: compared with Inferno's Node API, which has no HTTP either. */
import { between, type Bench, type Side, type SideResult } from './bench.js';
import type { Comparison } from './comparison.js';
import { inProcessDecodeTrial } from './decode-trial.js';
import type { BenchModel } from './models.js';
import { infernoInProcess, npmLibraries } from './peers/in-process.js';

/** None unless asked for. */
export function librarySides(bench: Bench, model: BenchModel, streams: number): Side[] {
  if (!bench.npmPeers) return [];
  // Bound to one core, Inferno chooses one thread by itself; the others have to be told.
  return [infernoInProcess, ...npmLibraries].map((peer) => {
    const threads = peer === infernoInProcess ? undefined : 1;
    return { name: peer.name, run: () => inProcessDecodeTrial(bench, peer, model, { streams, threads }) };
  });
}

export function libraryRows(
  bench: Bench,
  row: Pick<Comparison, 'scenario' | 'model' | 'what' | 'unit'>,
  results: readonly SideResult[],
): Comparison[] {
  if (!bench.npmPeers) return [];
  return npmLibraries.map(({ name }) => ({
    ...row,
    what: `${row.what}, in process`,
    ...between(results, infernoInProcess.name, name),
  }));
}
