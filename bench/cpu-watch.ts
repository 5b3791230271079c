/** When a process stops computing, seen from outside: the same for every server, whatever it reports about itself. */
import { readdirSync, readFileSync } from 'node:fs';

export interface CpuSample {
  readonly at: number;
  /** Milliseconds on a core so far, of all threads. */
  readonly cpuMs: number;
}

/** At rest a process uses less than this in the time below; timers and housekeeping stay under it. */
export const restingCpuMs = 1;
export const restingMs = 100;

/** The kernel counts in nanoseconds and updates a running thread's number at every tick. Linux only. */
export function cpuMsOf(pid: number): number {
  const tasks = `/proc/${String(pid)}/task`;
  let nanoseconds = 0;
  for (const task of readdirSync(tasks)) {
    try {
      nanoseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, 'latin1').split(' ')[0]);
    } catch (error) {
      // The thread ended between the two reads.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')))
        throw error;
    }
  }
  return nanoseconds / 1e6;
}

/** The time of the first sample after which the process was at rest; undefined while that is not certain. */
export function restedAt(samples: readonly CpuSample[]): number | undefined {
  let end = 0;
  for (const [start, { at, cpuMs }] of samples.entries()) {
    end = Math.max(end, start);
    while (end < samples.length && (samples[end]?.at ?? 0) < at + restingMs) end++;
    const later = samples[end];
    if (later === undefined) return undefined;
    if (later.cpuMs - cpuMs < restingCpuMs) return at;
  }
  return undefined;
}
