import { describeError } from '../cli-error.js';
import type { Check, Diagnosis } from './fact.js';

async function checkServer(): Promise<Check> {
  const name = 'server';
  try {
    await import('uWebSockets.js');
    return { name, status: 'ok', detail: 'uWebSockets.js loads' };
  } catch (error) {
    const detail = describeError(error).message;
    // Its binaries for Node.js 22 and newer are made on a newer system than those for 20.
    const remedy = detail.includes('GLIBC_')
      ? 'Under Node.js 22 and newer uWebSockets.js needs glibc 2.38 (Debian 13, Ubuntu 24.04); use Node.js 20 here. ' +
        'Everything but the server works under all of them.'
      : 'Use a Node.js version and a system that uWebSockets.js has binaries for (glibc on Linux).';
    return { name, status: 'problem', detail, remedy };
  }
}

export async function diagnoseServer(): Promise<Diagnosis> {
  return { facts: [], checks: [await checkServer()] };
}
