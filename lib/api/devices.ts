import { awaitNative, callNative } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { NativeDevice, NativeDevices, NativeGpuReading } from '../native-types.js';

/** Something that can compute: the processor or a GPU. What is not known is absent. */
export interface Device {
  /** What `devices` of `loadModel` takes; absent when no backend that was loaded can compute on it. */
  readonly name?: string;
  readonly kind: 'cpu' | 'gpu' | 'igpu' | 'accel';
  readonly description: string;
  /** llama.cpp's backend that drives it: CPU, CUDA, Vulkan, MTL (Metal) or ROCm. */
  readonly backend?: string;
  readonly vendor?: 'nvidia' | 'amd' | 'intel';
  /** The system's driver, with its version where it tells it. */
  readonly driver?: string;
  /** "0000:01:00.0". */
  readonly pciAddress?: string;
  readonly memoryTotalBytes?: number;
  readonly memoryFreeBytes?: number;
  /** 0 to 1, over the driver's last sampling period. */
  readonly utilization?: number;
  readonly temperatureCelsius?: number;
  readonly powerWatts?: number;
  readonly powerLimitWatts?: number;
}

/** Devices, and sentences about drivers that are there and do not answer. */
export interface DeviceReport {
  readonly devices: readonly Device[];
  readonly problems: readonly string[];
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What the driver measures; its memory counts what other programs took, as the backend's does. */
function measured(reading: NativeGpuReading): Partial<Device> {
  const { vendor, driver, memoryTotalBytes: total, memoryUsedBytes: used } = reading;
  const { utilization, temperatureCelsius, powerWatts, powerLimitWatts } = reading;
  return {
    vendor,
    ...(driver === '' ? {} : { driver }),
    ...(total === undefined ? {} : { memoryTotalBytes: total }),
    ...(total === undefined || used === undefined ? {} : { memoryFreeBytes: Math.max(0, total - used) }),
    ...(utilization === undefined ? {} : { utilization }),
    ...(temperatureCelsius === undefined ? {} : { temperatureCelsius }),
    ...(powerWatts === undefined ? {} : { powerWatts }),
    ...(powerLimitWatts === undefined ? {} : { powerLimitWatts }),
  };
}

function computing(native: NativeDevice, reading: NativeGpuReading | undefined): Device {
  const { name, kind, backend, pciAddress, memoryTotalBytes, memoryFreeBytes } = native;
  const device: Mutable<Device> = { name, kind, description: native.description, backend };
  if (pciAddress !== '') device.pciAddress = pciAddress;
  if (reading !== undefined) Object.assign(device, measured(reading));
  // The backend's own figures, where it has any: they are what loading goes by.
  if (memoryTotalBytes > 0) Object.assign(device, { memoryTotalBytes, memoryFreeBytes });
  return device;
}

function idle(reading: NativeGpuReading): Device {
  const { name, pciAddress } = reading;
  return { kind: 'gpu', description: name, ...(pciAddress === '' ? {} : { pciAddress }), ...measured(reading) };
}

/** One list of what backends compute on and what drivers know of; a GPU that two backends drive is in it twice. */
export function mergeDevices(native: NativeDevices): Device[] {
  const used = new Set<NativeGpuReading>();
  const devices = native.computing.map((device) => {
    const address = device.pciAddress.toLowerCase();
    const reading = native.gpus.find((gpu) => address !== '' && gpu.pciAddress === address);
    if (reading !== undefined) used.add(reading);
    return computing(device, reading);
  });
  return [...devices, ...native.gpus.filter((gpu) => !used.has(gpu)).map(idle)];
}

/** @throws InfernoError `backend_missing` when the addon cannot be loaded. */
export async function readDevices(): Promise<DeviceReport> {
  const { addon } = nativeAddon();
  const native = await awaitNative(callNative(() => addon.devices()));
  return { devices: mergeDevices(native), problems: native.problems };
}

/**
 * The processor and the GPUs of this machine with what is measured of them now: memory, utilization, temperature, power.
 * Readings come from NVIDIA's NVML and from AMD's and Intel's drivers in sysfs, so a GPU without a backend for it is told
 * too: it has no `name`.
 *
 * @example
 * ```ts
 * for (const { name, description, utilization } of await devices()) console.log(name, description, utilization);
 * ```
 * @throws InfernoError `backend_missing` when the addon cannot be loaded.
 */
export async function devices(): Promise<readonly Device[]> {
  return (await readDevices()).devices;
}
