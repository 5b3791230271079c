// Builds the addon with cmake-js into build/. Options: --debug, --cuda, --vulkan, --all-cpu-variants.
// A second call with nothing changed only asks the build tool, which takes seconds.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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

checkTools();
run(process.execPath, [join(root, 'native/vendor/fetch.mjs')]);
const flags = new Set(process.argv.slice(2));
const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const args = [
  cmakeJs,
  existsSync(join(root, 'build/CMakeCache.txt')) ? 'build' : 'compile',
  '--target',
  'inferno',
  '--parallel',
  String(availableParallelism()),
];
if (flags.has('--debug')) args.push('--debug', '--out', 'build-debug');
if (flags.has('--cuda')) args.push('--CDINFERNO_CUDA=ON');
if (flags.has('--vulkan')) args.push('--CDINFERNO_VULKAN=ON');
if (flags.has('--all-cpu-variants')) args.push('--CDINFERNO_ALL_CPU_VARIANTS=ON');
run(process.execPath, args);
