// Removes what builds make. `--all` also removes the vendored sources and the caches, which npm install brings back.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = [
  'build',
  'build-asan',
  'build-tsan',
  'build-sanitize',
  'build-debug',
  'dist',
  'prebuilds',
  'build-prebuild',
  'build-cuda',
  'build-vulkan',
  'build-hip',
  'backends',
];
const fetched = ['native/vendor/llama.cpp', 'native/vendor/zstd', '.cache'];
for (const name of process.argv.includes('--all') ? [...built, ...fetched] : built) {
  rmSync(join(root, name), { recursive: true, force: true });
}
