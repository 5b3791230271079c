// npm run make:prebuilds: makes prebuilds/<os>-<arch>/ for the machine it runs on: the addon, llama.cpp's libraries with every
// CPU variant, the probe, and the OpenMP runtime that they were built with. Backends for GPUs are packages of their own.
//   node scripts/prebuild.mjs
// prebuildify decides names and places, cmake-js builds; the developer's build in build/ is left alone.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import prebuildify from 'prebuildify';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stage = join(root, 'build-prebuild');
const built = join(stage, 'build/Release');
const artifacts = join(stage, 'artifacts');
const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = join(root, 'prebuilds', `${process.platform}-${process.arch}`);

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) throw new Error(`\`${command} ${args.join(' ')}\` failed.`);
}

/** The file that a library of this machine really is, under the name that programs ask for. */
function compilerFile(library) {
  const compiler = process.env.CXX ?? 'c++';
  const { stdout } = spawnSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' });
  const path = stdout.trim();
  if (path === '' || path === library) throw new Error(`${compiler} does not know ${library}.`);
  return realpathSync(path);
}

/** What prebuildify does not take from the build's folder by itself: programs, and what the libraries need of this machine. */
function gatherArtifacts() {
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(artifacts, { recursive: true });
  const probe = process.platform === 'win32' ? 'inferno-probe.exe' : 'inferno-probe';
  copyFileSync(join(built, probe), join(artifacts, probe));
  // prebuildify goes by the ending, and does not know .so.1.
  const runtime = readdirSync(built).filter((file) => /^libonnxruntime\.so\.\d+$/u.test(file));
  for (const file of runtime) copyFileSync(join(built, file), join(artifacts, file));
  // Without a compiler there is often no OpenMP either. GCC's runtime may go with a program (GCC Runtime Library Exception).
  if (process.platform === 'linux') copyFileSync(compilerFile('libgomp.so.1'), join(artifacts, 'libgomp.so.1'));
  for (const file of readdirSync(artifacts)) {
    chmodSync(join(artifacts, file), 0o755);
    if (process.platform === 'linux') run('strip', ['--strip-unneeded', join(artifacts, file)]);
  }
}

run(process.execPath, [join(root, 'native/vendor/fetch.mjs')]);
rmSync(target, { recursive: true, force: true });
// prebuildify starts the build in this folder, which a fresh clone does not have.
mkdirSync(stage, { recursive: true });
const compile = `"${process.execPath}" "${join(root, 'scripts/prebuild-compile.mjs')}"`;
await promisify(prebuildify)({
  name,
  cwd: stage,
  out: root,
  napi: true,
  strip: process.platform !== 'win32',
  tagLibc: process.platform === 'linux',
  nodeGyp: compile,
  shell: true,
});
gatherArtifacts();
for (const file of readdirSync(artifacts)) copyFileSync(join(artifacts, file), join(target, file));
const files = readdirSync(target);
console.error(`prebuilds/${process.platform}-${process.arch}: ${files.length} files`);
