import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { emberId } from '../models/registry.js';
import { systemInfo, type SystemInfo } from '../api/system-info.js';
import { fromNative } from '../errors.js';
import { nativeAddon } from '../native.js';
import { packageVersion } from '../version.js';
import { describeError } from './cli-error.js';
import { formatBytes } from './format.js';

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Check {
  readonly name: string;
  /** A warning costs speed or comfort; a problem keeps something from working. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly remedy?: string;
}

export interface Diagnosis {
  readonly facts: readonly Fact[];
  readonly checks: readonly Check[];
}

function problem(name: string, error: unknown): Check {
  const { message, remedy } = describeError(error);
  return { name, status: 'problem', detail: message, remedy };
}

function generalFacts(): Fact[] {
  return [
    { label: 'Inferno', value: packageVersion },
    { label: 'Node.js', value: `${process.version}, ${process.platform} ${process.arch}` },
    { label: 'Processor', value: `${cpus()[0]?.model ?? 'unknown'}, ${String(availableParallelism())} cores` },
    { label: 'Memory', value: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}` },
  ];
}

function engineFacts(system: SystemInfo): Fact[] {
  const devices = system.devices.map((device) => {
    const memory = device.memoryTotalBytes > 0 ? `, ${formatBytes(device.memoryFreeBytes)} free` : '';
    return { label: 'Device', value: `${device.name} (${device.kind}): ${device.description}${memory}` };
  });
  return [
    { label: 'llama.cpp', value: system.llamaVersion },
    { label: 'CPU backend', value: system.cpuBackend },
    { label: 'CPU features', value: system.features },
    { label: 'Usable cores', value: String(system.availableCores) },
    { label: 'Libraries', value: system.libraryDirectory },
    ...devices,
  ];
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

/** The whole way once: load the built-in model and let it answer. */
async function checkAnswer(): Promise<Check> {
  const name = 'answer';
  try {
    const { loadModel } = await import('../api/load-model.js');
    await using model = await loadModel(emberId, { parallel: 1 });
    const messages = [{ role: 'user', content: 'Hello!' }] as const;
    const result = await model.chat(messages, { maxTokens: 8, temperature: 0 });
    return { name, status: 'ok', detail: `Ember answers: ${JSON.stringify(result.text)}` };
  } catch (error) {
    return problem(name, error);
  }
}

/** Graphs need a library that is loaded with the first of them; all else works without it. */
function checkOnnx(facts: Fact[]): Check {
  const name = 'onnx';
  try {
    const { version, providers } = nativeAddon().addon.onnxRuntimeInfo();
    facts.push({ label: 'ONNX Runtime', value: `${version}, ${providers.join(', ')}` });
    return { name, status: 'ok', detail: 'ONNX Runtime loads' };
  } catch (error) {
    const { message, remedy } = describeError(fromNative(error));
    return { name, status: 'warning', detail: message, remedy };
  }
}

export async function diagnose(): Promise<Diagnosis> {
  const facts = generalFacts();
  const checks: Check[] = [];
  try {
    const system = systemInfo();
    facts.push(...engineFacts(system));
    checks.push({ name: 'engine', status: 'ok', detail: 'the addon loads' }, checkCores(system), checkWaitPolicy());
    checks.push(checkOnnx(facts));
    checks.push(await checkAnswer());
  } catch (error) {
    checks.push(problem('engine', error));
  }
  checks.push(await checkServer());
  return { facts, checks };
}
