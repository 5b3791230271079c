import { Gauge } from 'prom-client';
import { devices, type Device } from '../../api/devices.js';
import type { Registries } from './registries.js';

/** Devices tell their state by asking drivers: not at every scrape, and once for all gauges of one. */
const freshMs = 5000;

type Measure = readonly [name: string, help: string, value: (device: Device) => number | undefined];

const measures: readonly Measure[] = [
  ['memory_total_bytes', 'Memory of a compute device.', ({ memoryTotalBytes }) => memoryTotalBytes],
  ['memory_free_bytes', 'Free memory of a compute device.', ({ memoryFreeBytes }) => memoryFreeBytes],
  ['utilization_ratio', 'Share of time a GPU was busy, 0 to 1.', ({ utilization }) => utilization],
  ['temperature_celsius', 'Temperature of a GPU.', ({ temperatureCelsius }) => temperatureCelsius],
  ['power_watts', 'Power that a GPU draws.', ({ powerWatts }) => powerWatts],
];

/** Adds the processor and the GPUs, those without a backend too. */
export function addDeviceMetrics(registries: Registries): void {
  let reading: Promise<readonly Device[]> = Promise.resolve([]);
  let readMs = -Infinity;
  const read = (): Promise<readonly Device[]> => {
    const now = performance.now();
    if (now - readMs <= freshMs) return reading;
    readMs = now;
    // Without the addon there is nothing to tell; a scrape must not fail for it.
    reading = devices().catch(() => []);
    return reading;
  };
  for (const [name, help, value] of measures) {
    const gauge = new Gauge({
      name: `inferno_device_${name}`,
      help,
      labelNames: ['device', 'kind'],
      registers: [],
      async collect() {
        const found = await read();
        this.reset();
        for (const device of found) {
          const measured = value(device);
          const label = device.name ?? device.pciAddress ?? device.description;
          if (measured !== undefined) this.set({ device: label, kind: device.kind }, measured);
        }
      },
    });
    registries.add(gauge);
  }
}
