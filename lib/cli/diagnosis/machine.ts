import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { packageVersion } from '../../version.js';
import { formatBytes } from '../format.js';
import type { Diagnosis } from './fact.js';

/** Inferno, Node.js and the machine; needs no native part. */
export function describeMachine(): Diagnosis {
  const facts = [
    { label: 'Inferno', value: packageVersion },
    { label: 'Node.js', value: `${process.version}, ${process.platform} ${process.arch}` },
    { label: 'Processor', value: `${cpus()[0]?.model ?? 'unknown'}, ${String(availableParallelism())} cores` },
    { label: 'Memory', value: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}` },
  ];
  return { facts, checks: [] };
}
