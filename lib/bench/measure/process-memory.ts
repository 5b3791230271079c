/** Memory of another process, seen from outside: the same for every server, whatever it reports about itself. */
import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most it ever was. */
  readonly peakBytes: number;
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1] ?? 0);
}

/** Undefined where there is no /proc or no such process. */
export function memoryOf(pid: number): ProcessMemory | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
    return { residentBytes: kibibytes(status, 'VmRSS') * 1024, peakBytes: kibibytes(status, 'VmHWM') * 1024 };
  } catch {
    return undefined;
  }
}
