import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { callNative } from '../errors.js';
import { backendPackage, loaderFault, nativeAddon } from '../native.js';

/** A library of llama.cpp that computes on GPUs. */
export interface BackendLibrary {
  /** As llama.cpp calls it. */
  readonly backend: string;
  readonly file: string;
  readonly isLoaded: boolean;
  /** Of the system's loader, when it is not loaded. */
  readonly reason?: string;
}

/** File names' middle and llama.cpp's names. */
const gpuBackends = { cuda: 'CUDA', vulkan: 'Vulkan', hip: 'ROCm', metal: 'MTL' } as const;

/** How this system names libraries: libggml-cuda.so, ggml-cuda.dll. */
function libraryName(part: string): string {
  if (process.platform === 'win32') return `ggml-${part}.dll`;
  return `libggml-${part}.so`;
}

/** The GPU backends that lie where llama.cpp looks for them, loaded or not. */
export function backendLibraries(): BackendLibrary[] {
  const { addon, libraryDirectory, backendDirectories } = nativeAddon();
  const { backends } = callNative(() => addon.systemInfo());
  const found: BackendLibrary[] = [];
  for (const [part, backend] of Object.entries(gpuBackends)) {
    const files = [libraryDirectory, ...backendDirectories].map((directory) => join(directory, libraryName(part)));
    const file = files.find((candidate) => existsSync(candidate));
    if (file === undefined) continue;
    const isLoaded = backends.includes(backend);
    found.push({ backend, file, isLoaded, ...(isLoaded ? {} : { reason: loaderFault(file) }) });
  }
  return found;
}

const backendOfVendor = { nvidia: 'cuda', amd: 'hip', intel: 'vulkan' } as const;

/** How to get a backend for GPUs of that maker. */
export function backendRemedy(vendor: keyof typeof backendOfVendor): string {
  const backend = backendOfVendor[vendor];
  const packages = [...new Set([backend, 'vulkan'] as const)].map((name) => `\`npm install ${backendPackage(name)}\``);
  return `Run ${packages.join(' or ')}, or build it: \`npm run build:native -- --${backend}\`. docs/install.md has more.`;
}
