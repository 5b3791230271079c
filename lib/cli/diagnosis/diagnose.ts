import { describeError } from '../cli-error.js';
import { diagnoseEngine } from './engine.js';
import type { Diagnosis } from './fact.js';
import { diagnoseGpus } from './gpus.js';
import { describeMachine } from './machine.js';
import { diagnoseOnnx } from './onnx.js';
import { diagnoseServer } from './server.js';

type Part = readonly [name: string, diagnose: () => Diagnosis | Promise<Diagnosis>];

/** In the order in which they are shown. A part that throws is a problem of its name, and the others go on. */
const parts: readonly Part[] = [
  ['machine', describeMachine],
  ['engine', diagnoseEngine],
  ['GPU', diagnoseGpus],
  ['onnx', diagnoseOnnx],
  ['server', diagnoseServer],
];

async function diagnosePart([name, diagnose]: Part): Promise<Diagnosis> {
  try {
    return await diagnose();
  } catch (error) {
    const { message, remedy } = describeError(error);
    return { facts: [], checks: [{ name, status: 'problem', detail: message, remedy }] };
  }
}

export async function diagnose(): Promise<Diagnosis> {
  const found: Diagnosis[] = [];
  for (const part of parts) found.push(await diagnosePart(part));
  const checks = found.flatMap((part) => part.checks);
  // An addon that is missing stops every part that needs it, for one reason.
  const different = checks.filter(
    ({ detail }, place) => checks.findIndex((other) => other.detail === detail) === place,
  );
  return { facts: found.flatMap(({ facts }) => facts), checks: different };
}
