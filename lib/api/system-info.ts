import { basename } from 'node:path';
import { callNative } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { AddonOrigin } from '../native.js';
import type { NativeSystemInfo } from '../native-types.js';

/** What the engine found on this machine. */
export interface SystemInfo extends NativeSystemInfo {
  /** Folder the addon and its backend libraries were loaded from. */
  readonly libraryDirectory: string;
  /** Whether the addon came with the package or was built here, and why. */
  readonly origin: AddonOrigin;
  /** The variant of the CPU backend that fits this processor, such as "haswell"; "host" when built for this machine. */
  readonly cpuVariant: string;
}

/** libggml-cpu-haswell.so is "haswell"; libggml-cpu.so is the one variant of a build on this machine. */
function variantOf(cpuLibrary: string): string {
  if (cpuLibrary === '') return 'unknown';
  return /ggml-cpu-(?<variant>\w+)\./u.exec(basename(cpuLibrary))?.groups?.['variant'] ?? 'host';
}

/** @throws InfernoError `backend_missing` when the addon cannot be loaded. */
export function systemInfo(): SystemInfo {
  const { addon, libraryDirectory, origin } = nativeAddon();
  const system = callNative(() => addon.systemInfo());
  return { ...system, libraryDirectory, origin, cpuVariant: variantOf(system.cpuLibrary) };
}
