// Builds the addon with cmake-js into build/. Options: --debug, --cuda, --vulkan, --hip, --all-cpu-variants.
// A backend that was asked for once stays in the build until `npm run clean`. A second call with nothing changed only asks
// the build tool, which takes seconds.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const installHint =
  {
    linux: 'On Debian or Ubuntu: sudo apt install g++ cmake git make',
    darwin: 'On macOS: xcode-select --install && brew install cmake',
    win32: 'On Windows: install "Desktop development with C++" (Visual Studio Build Tools), CMake and Git',
  }[process.platform] ?? 'Install a C++20 compiler, cmake (3.20 or newer) and git';

function fail(message) {
  console.error(`inferno: ${message}\ninferno: ${installHint}, then run \`npm run build:native\`.`);
  process.exit(1);
}

function has(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function checkTools() {
  if (!has('cmake')) fail('cmake was not found; it is needed to build the engine from source.');
  if (process.platform === 'win32') return;
  const compiler = process.env.CXX ?? ['c++', 'g++', 'clang++'].find(has);
  if (compiler === undefined || !has(compiler))
    fail(`no C++ compiler was found${process.env.CXX ? ` (CXX=${process.env.CXX})` : ''}.`);
  if (!has('make') && !has('ninja')) fail('neither make nor ninja was found.');
  if (!has('git')) fail('git was not found; it is needed to unpack llama.cpp.');
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** What each GPU backend is built with, and how to get it. */
const backendTools = {
  cuda: { command: 'nvcc', hint: "NVIDIA's CUDA toolkit 11.8 or newer (Debian: nvidia-cuda-toolkit of non-free)" },
  vulkan: { command: 'glslc', hint: 'Debian or Ubuntu: sudo apt install libvulkan-dev glslc spirv-headers' },
  hip: { command: 'hipconfig', hint: "AMD's ROCm 6.1 or newer" },
};

function checkBackendTools(backends) {
  for (const backend of backends) {
    const { command, hint } = backendTools[backend];
    // A compiler can be named instead of being on the PATH.
    if (has(command) || (backend === 'cuda' && process.env.CUDACXX) || (backend === 'vulkan' && process.env.VULKAN_SDK))
      continue;
    console.error(`inferno: ${command} was not found; --${backend} needs it: ${hint}.`);
    process.exit(1);
  }
}

const known = ['--debug', '--cuda', '--vulkan', '--hip', '--all-cpu-variants'];
const flags = new Set(process.argv.slice(2));
const unknown = [...flags].find((flag) => !known.includes(flag));
if (unknown !== undefined) {
  console.error(`inferno: there is no option ${unknown}; the options are ${known.join(', ')}.`);
  process.exit(1);
}
checkTools();
const backends = Object.keys(backendTools).filter((backend) => flags.has(`--${backend}`));
checkBackendTools(backends);
run(process.execPath, [join(root, 'native/vendor/fetch.mjs')]);
const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const folder = flags.has('--debug') ? 'build-debug' : 'build';
const options = [...backends.map((backend) => `--CDINFERNO_${backend.toUpperCase()}=ON`)];
if (flags.has('--all-cpu-variants')) options.push('--CDINFERNO_ALL_CPU_VARIANTS=ON');
// `build` would not look at new options of a tree that is configured already.
const isConfigured = existsSync(join(root, folder, 'CMakeCache.txt')) && options.length === 0;
const args = [cmakeJs, isConfigured ? 'build' : 'compile', '--target', 'inferno', '--out', folder];
if (flags.has('--debug')) args.push('--debug');
run(process.execPath, [...args, '--parallel', String(availableParallelism()), ...options]);
// `inferno doctor` shows it.
const reason = process.env.INFERNO_BUILD_REASON ?? '`npm run build:native`';
writeFileSync(
  join(root, folder, flags.has('--debug') ? 'Debug' : 'Release', 'inferno-build.json'),
  JSON.stringify({ reason }),
);
