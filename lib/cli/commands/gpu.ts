import type { Command } from 'commander';
import { readDevices, type Device, type DeviceReport } from '../../api/devices.js';
import { formatBytes, formatTable } from '../format.js';
import { note, print, printJson } from '../output.js';

const afterHelp = `
Examples:
  inferno gpu list
  inferno gpu list --json
  inferno serve --model qwen.gguf --device CUDA1`;

const unknown = '-';

function shown(value: number | undefined, unit: string, scale = 1): string {
  return value === undefined ? unknown : `${String(Math.round(value * scale))}${unit}`;
}

function memory({ memoryFreeBytes: free, memoryTotalBytes: total }: Device): string {
  if (total === undefined) return unknown;
  return free === undefined ? formatBytes(total) : `${formatBytes(free)} of ${formatBytes(total)}`;
}

function power({ powerWatts, powerLimitWatts }: Device): string {
  if (powerWatts === undefined) return unknown;
  return powerLimitWatts === undefined
    ? shown(powerWatts, ' W')
    : `${shown(powerWatts, '')} of ${shown(powerLimitWatts, ' W')}`;
}

function row(device: Device): string[] {
  const { name, description, backend, utilization, temperatureCelsius } = device;
  const use = [shown(utilization, ' %', 100), shown(temperatureCelsius, ' °C'), power(device)];
  return [name ?? unknown, backend ?? 'none', description, memory(device), ...use];
}

const headings = ['name', 'backend', 'GPU', 'memory free', 'busy', 'temperature', 'power'];

function printGpus(gpus: readonly Device[], problems: readonly string[]): void {
  if (gpus.length === 0)
    print('There is no GPU: neither a backend nor a driver reports one. The CPU computes everything.');
  else print(formatTable([headings, ...gpus.map(row)]));
  for (const problem of problems) note(problem);
  if (!gpus.some(({ name }) => name === undefined)) return;
  note('A GPU without a name has no backend here that can compute on it; `inferno doctor` says what to install.');
}

/** The GPUs in a list of devices. */
export function gpusOf({ devices }: DeviceReport): Device[] {
  return devices.filter(({ kind }) => kind !== 'cpu');
}

async function list({ json }: { readonly json?: boolean }): Promise<void> {
  const report = await readDevices();
  const gpus = gpusOf(report);
  if (json === true) printJson({ gpus, problems: report.problems });
  else printGpus(gpus, report.problems);
}

export function addGpuCommand(program: Command): void {
  const gpu = program.command('gpu').description('the GPUs of this machine').addHelpText('after', afterHelp);
  gpu
    .command('list')
    .description('what they are, and how busy, warm and full')
    .option('--json', 'print one JSON object')
    .addHelpText('after', afterHelp)
    .action(list);
}
