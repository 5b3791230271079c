import { callNative } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { NativeSystemInfo } from '../native-types.js';

/** What the engine found on this machine. */
export interface SystemInfo extends NativeSystemInfo {
  /** Folder the addon and its backend libraries were loaded from. */
  readonly libraryDirectory: string;
}

/** @throws InfernoError `backend_missing` when the addon cannot be loaded. */
export function systemInfo(): SystemInfo {
  const { addon, libraryDirectory } = nativeAddon();
  return { ...callNative(() => addon.systemInfo()), libraryDirectory };
}
