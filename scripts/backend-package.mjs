// npm run make:backend -- <cuda|vulkan|hip> [cmake options]: makes backends/<name>/, the npm package that adds this GPU backend to
// inferno-ai on the machine's platform: one library, found by lib/native.ts when it is installed beside inferno-ai.
//   npm run make:backend -- vulkan
//   npm run make:backend -- cuda -DCMAKE_CUDA_ARCHITECTURES="75;80;86;89;90"
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [backend, ...cmakeOptions] = process.argv.slice(2);
/** What must be on the user's machine for the library to load. */
const needs = {
  cuda: "NVIDIA's driver and the CUDA run-time libraries",
  vulkan: 'a Vulkan driver',
  hip: "AMD's ROCm run time",
};

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) throw new Error(`\`${command} ${args.join(' ')}\` failed.`);
}

if (!Object.hasOwn(needs, backend ?? '')) {
  console.error(`Expected one of ${Object.keys(needs).join(', ')} but received ${JSON.stringify(backend)}.`);
  process.exit(1);
}
const build = join(root, `build-${backend}`);
run(process.execPath, [join(root, 'native/vendor/fetch.mjs')]);
run('cmake', [
  ...['-S', root, '-B', build, '-DCMAKE_BUILD_TYPE=Release', '-DINFERNO_ADDON=OFF'],
  ...[`-DINFERNO_${backend.toUpperCase()}=ON`, ...cmakeOptions],
]);
run('cmake', [
  ...['--build', build, '--config', 'Release', '--target', `ggml-${backend}`],
  ...['--parallel', String(availableParallelism())],
]);

const { name: parent, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const name = `${parent}-${process.platform}-${process.arch}-${backend}`;
const folder = join(root, 'backends', name);
const library = process.platform === 'win32' ? `ggml-${backend}.dll` : `libggml-${backend}.so`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, 'lib'), { recursive: true });
copyFileSync(join(build, 'Release', library), join(folder, 'lib', library));
if (process.platform !== 'win32') run('strip', ['--strip-unneeded', join(folder, 'lib', library)]);
for (const file of ['LICENSE', 'THIRD_PARTY_NOTICES.md']) copyFileSync(join(root, file), join(folder, file));
const manifest = {
  name,
  version,
  license,
  description: `${backend} backend of ${parent} for ${process.platform}-${process.arch}; needs ${needs[backend]}`,
  os: [process.platform],
  cpu: [process.arch],
  files: ['lib', 'THIRD_PARTY_NOTICES.md'],
  // The library and the addon share one version of ggml.
  peerDependencies: { [parent]: version },
};
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
const mebibytes = (statSync(join(folder, 'lib', library)).size / 1024 / 1024).toFixed(1);
console.error(`backends/${name}: ${library}, ${mebibytes} MiB`);
