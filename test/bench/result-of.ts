/** A small result for reports and comparisons. */
import { resultFormat, resultVersion, type BenchResult, type Measurement } from '../../lib/bench/bench-result.js';

export function measurementOf(values: readonly number[], fields: Partial<Measurement> = {}): Measurement {
  return {
    ...{ scenario: 'single', model: 'nano', side: 'inferno', metric: 'tokens_per_second', unit: 'tokens/s' },
    ...{ better: 'higher', values: [...values], ...fields },
  };
}

export function resultOf(measurements: readonly Measurement[], fields: Partial<BenchResult> = {}): BenchResult {
  return {
    ...{ format: resultFormat, version: resultVersion, startedAt: '2026-02-03T10:11:12.345Z', durationMs: 60_000 },
    ...{ commandLine: 'inferno bench', runs: 5 },
    machine: { cpu: 'A CPU', cores: 2, memoryBytes: 2 ** 34, system: 'Linux 6', node: 'v22.0.0', loadAverage: 0 },
    software: { inferno: '0.1.0', llamaCpp: 'b1' },
    models: [{ label: 'nano', fileBytes: 1000 }],
    scenarios: [...new Set(measurements.map(({ scenario }) => scenario))].map((name) => ({ name })),
    ...{ measurements: [...measurements], failures: [], notes: [], ...fields },
  };
}
