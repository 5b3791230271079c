/** Where a benchmark runs. */
import { availableParallelism, cpus, loadavg, platform, release, totalmem, type } from 'node:os';
import type { BenchMachine } from '../bench-result.js';

export function describeMachine(): BenchMachine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    // Windows has no load average and says 0.
    loadAverage: platform() === 'win32' ? null : (loadavg()[0] ?? null),
  };
}
