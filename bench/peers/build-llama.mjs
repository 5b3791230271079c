// Builds the programs that Inferno is compared with, from the same vendored llama.cpp tree.
//   node bench/peers/build-llama.mjs                  as its users build it, into .cache/peers/bin
//   node bench/peers/build-llama.mjs --same-kernels   with the CPU flags of our addon, into .cache/peers-same-kernels/bin
// Does nothing when they are there and the tree is the same; --force builds anyway.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'native/vendor/llama.cpp');
const sameKernels = process.argv.includes('--same-kernels');
const build = join(root, '.cache', sameKernels ? 'peers-same-kernels' : 'peers');
const stampFile = join(build, 'built-from');
const targets = ['llama-bench', 'llama-batched-bench', 'llama-server', 'llama-completion'];
const flags = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DGGML_NATIVE=ON',
  '-DLLAMA_OPENSSL=OFF',
  '-DLLAMA_BUILD_TESTS=OFF',
  '-DLLAMA_BUILD_EXAMPLES=OFF',
  '-DLLAMA_USE_PREBUILT_UI=OFF',
  '-DLLAMA_BUILD_APP=OFF',
  ...(sameKernels ? addonFlags() : []),
];

/** See cmake/host-cpu.cmake, which says why. */
function addonFlags() {
  const compiler = process.env.CC ?? 'cc';
  const macros = spawnSync(compiler, ['-march=native', '-dM', '-E', '-x', 'c', '/dev/null'], { encoding: 'utf8' });
  if (!macros.stdout?.includes('#define __AVX512FP16__ 1')) return [];
  return ['C', 'CXX'].map((language) => `-DCMAKE_${language}_FLAGS=-mno-avx512fp16`);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`build-llama: ${command} failed${error ? ` (${error.message})` : ''}.`);
  process.exit(1);
}

function has(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What the programs depend on besides the compiler. */
function stamp() {
  const manifest = JSON.parse(readFileSync(join(root, 'native/vendor/manifest.json'), 'utf8'));
  const { commit } = manifest.parts.find((part) => part.name === 'llama.cpp');
  return `${commit}\n${flags.join('\n')}\n`;
}

function isBuilt() {
  return (
    targets.every((target) => existsSync(join(build, 'bin', target))) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === stamp()
  );
}

if (isBuilt() && !process.argv.includes('--force')) {
  console.log('The programs to compare with are built.');
} else {
  run(process.execPath, [join(root, 'native/vendor/fetch.mjs')]);
  const launchers = has('ccache') ? ['-DCMAKE_C_COMPILER_LAUNCHER=ccache', '-DCMAKE_CXX_COMPILER_LAUNCHER=ccache'] : [];
  run('cmake', ['-S', source, '-B', build, ...flags, ...launchers]);
  run('cmake', ['--build', build, '--parallel', String(availableParallelism()), '--target', ...targets]);
  mkdirSync(build, { recursive: true });
  writeFileSync(stampFile, stamp());
}
