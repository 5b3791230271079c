// What prebuildify calls in the place of node-gyp: builds into build-prebuild/build with all CPU variants. node-gyp's arguments
// (headers, targets) mean nothing here: the addon uses Node-API only.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const out = 'build-prebuild/build';
mkdirSync(join(root, out), { recursive: true });
const args = [cmakeJs, 'compile', '--target', 'inferno', '--out', out, '--CDINFERNO_ALL_CPU_VARIANTS=ON'];
args.push('--parallel', String(availableParallelism()));
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
