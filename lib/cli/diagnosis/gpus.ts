import { backendLibraries, backendRemedy } from '../../api/backend-libraries.js';
import { readDevices, type Device } from '../../api/devices.js';
import { formatBytes } from '../format.js';
import type { Check, Diagnosis, Fact } from './fact.js';

const name = 'GPU';

function fact(device: Device): Fact {
  const { description, memoryFreeBytes: free, memoryTotalBytes: total, driver } = device;
  const memory =
    free === undefined || total === undefined ? [] : [`${formatBytes(free)} free of ${formatBytes(total)}`];
  const label = device.name === undefined ? 'GPU (unused)' : `GPU ${device.name}`;
  return { label, value: [description, ...memory, ...(driver === undefined ? [] : [`driver ${driver}`])].join(', ') };
}

/** The driver knows of it, and nothing here can compute on it. */
function unusedGpu({ description, vendor }: Device): Check {
  const detail = `no backend that is loaded computes on ${description}`;
  return { name, status: 'warning', detail, remedy: backendRemedy(vendor ?? 'intel') };
}

/** Without it nothing is wrong but speed: the CPU computes everything. */
export async function diagnoseGpus(): Promise<Diagnosis> {
  const { devices, problems } = await readDevices();
  const gpus = devices.filter(({ kind }) => kind !== 'cpu');
  const libraries = backendLibraries();
  const checks: Check[] = problems.map((detail) => ({ name, status: 'warning', detail, remedy: 'Mend the driver.' }));
  for (const { backend, file, reason } of libraries.filter(({ isLoaded }) => !isLoaded)) {
    const detail = `the ${backend} backend ${file} is not in use: ${reason ?? 'unknown'}`;
    checks.push({ name, status: 'warning', detail, remedy: 'Install what it lacks, or remove the backend.' });
  }
  // A GPU that shares its maker with one in use is the same card seen by a second driver, or left out on purpose.
  checks.push(...gpus.filter((gpu) => gpu.name === undefined).map(unusedGpu));
  if (checks.length === 0) {
    const detail =
      gpus.length === 0 ? 'none; the CPU computes everything' : `${String(gpus.length)} can be computed on`;
    checks.push({ name, status: 'ok', detail });
  }
  const loaded = libraries.filter(({ isLoaded }) => isLoaded).map(({ backend }) => backend);
  const backends = { label: 'GPU backends', value: loaded.length === 0 ? 'none' : loaded.join(', ') };
  return { facts: [backends, ...gpus.map(fact)], checks };
}
