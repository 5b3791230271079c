// Builds and runs the native benchmarks (bench/native). Arguments select benchmarks by a part of their names;
// `--folder PATH` says on which disk to measure those that write (default: the build folder). Exits 1 when a bar is missed.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const build = join(root, 'build');
const args = process.argv.slice(2);
const folderAt = args.indexOf('--folder');
const [, folder] = folderAt < 0 ? [] : args.splice(folderAt, 2);

function run(command, commandArgs) {
  const result = spawnSync(command, commandArgs, { cwd: root, stdio: 'inherit' });
  if (result.error) {
    console.error(
      `bench-native: ${command} cannot be run (${result.error.message}). On Debian: apt install g++ cmake.`,
    );
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

// The addon's tree: llama.cpp is built once for both.
run(process.execPath, [join(root, 'scripts/build-native.mjs')]);
run('cmake', ['-S', '.', '-B', build]);
run('cmake', ['--build', build, '--target', 'inferno-native-bench', '--parallel', String(availableParallelism())]);
run(join(build, 'Release/inferno-native-bench'), [folder === undefined ? build : resolve(folder), ...args]);
