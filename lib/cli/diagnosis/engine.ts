import { cpus } from 'node:os';
import { systemInfo, type SystemInfo } from '../../api/system-info.js';
import { emberId } from '../../models/registry.js';
import { describeError } from '../cli-error.js';
import type { Check, Diagnosis, Fact } from './fact.js';

function origin({ origin: { kind, reason } }: SystemInfo): string {
  if (kind === 'prebuilt') return 'prebuilt, as it came with the package';
  return `built on this machine${reason === undefined ? '' : `: ${reason}`}`;
}

function facts(system: SystemInfo): Fact[] {
  return [
    { label: 'Engine', value: origin(system) },
    { label: 'Libraries', value: system.libraryDirectory },
    { label: 'llama.cpp', value: system.llamaVersion },
    { label: 'CPU backend', value: `${system.cpuBackend}, variant ${system.cpuVariant}` },
    { label: 'CPU features', value: system.features },
    { label: 'Usable cores', value: String(system.availableCores) },
  ];
}

/** A build of one's own that broke, with the prebuilt engine in its place, is easy to miss. */
function checkAddon({ origin: { passedOver } }: SystemInfo): Check {
  const name = 'engine';
  const [first] = passedOver;
  if (first === undefined) return { name, status: 'ok', detail: 'the addon loads' };
  const detail = `${first.file} does not load (${first.reason}), so another one was taken`;
  return { name, status: 'warning', detail, remedy: 'Run `npm run build:native` again, or delete the folder build.' };
}

function checkCores(system: SystemInfo): Check {
  const all = cpus().length;
  if (system.availableCores >= all) return { name: 'cores', status: 'ok', detail: `all ${String(all)} are usable` };
  const detail = `${String(system.availableCores)} of ${String(all)} are usable (affinity or a container's quota)`;
  return { name: 'cores', status: 'warning', detail, remedy: 'Raise the quota if answers are too slow.' };
}

/** Spinning compute threads starve the JS thread wherever a core is shared; see docs/architecture.md. */
function checkWaitPolicy(): Check {
  const name = 'thread waiting';
  const policy = process.env['OMP_WAIT_POLICY'];
  if (policy === undefined || policy.toLowerCase() === 'passive') return { name, status: 'ok', detail: 'brief' };
  const remedy = 'Unset it unless no core is ever shared.';
  return { name, status: 'warning', detail: `OMP_WAIT_POLICY=${policy} keeps waiting threads busy`, remedy };
}

/** The whole way once: load the built-in model and let it answer. */
async function checkAnswer(): Promise<Check> {
  const name = 'answer';
  try {
    const { loadModel } = await import('../../api/load-model.js');
    await using model = await loadModel(emberId, { parallel: 1 });
    const messages = [{ role: 'user', content: 'Hello!' }] as const;
    const result = await model.chat(messages, { maxTokens: 8, temperature: 0 });
    return { name, status: 'ok', detail: `Ember answers: ${JSON.stringify(result.text)}` };
  } catch (error) {
    const { message, remedy } = describeError(error);
    return { name, status: 'problem', detail: message, remedy };
  }
}

/** llama.cpp and the way through it; the CPU is what every model can count on. */
export async function diagnoseEngine(): Promise<Diagnosis> {
  const system = systemInfo();
  const checks = [checkAddon(system), checkCores(system), checkWaitPolicy(), await checkAnswer()];
  return { facts: facts(system), checks };
}
