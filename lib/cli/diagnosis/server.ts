import { describeError } from '../cli-error.js';
import type { Check, Diagnosis } from './fact.js';

async function checkServer(): Promise<Check> {
  const name = 'server';
  try {
    await import('uWebSockets.js');
    return { name, status: 'ok', detail: 'uWebSockets.js loads' };
  } catch (error) {
    const detail = describeError(error).message;
    const remedy = 'Use a Node.js version and a system that uWebSockets.js has binaries for (glibc on Linux).';
    return { name, status: 'problem', detail, remedy };
  }
}

export async function diagnoseServer(): Promise<Diagnosis> {
  return { facts: [], checks: [await checkServer()] };
}
