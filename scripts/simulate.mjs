// Builds and runs the scheduler's simulation (test/sim), which needs nothing but a C++ compiler and cmake. Arguments go to
// the program: --requests N, --seed S, --scenario NAME. `--sanitize address,undefined` builds it with sanitizers.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const sanitizeAt = args.indexOf('--sanitize');
const sanitize = sanitizeAt < 0 ? '' : args.splice(sanitizeAt, 2)[1];
const buildDirectory = join(root, 'build', sanitize === '' ? 'simulation' : 'simulation-sanitize');

function run(command, commandArgs, stdio = 'inherit') {
  const result = spawnSync(command, commandArgs, { cwd: root, stdio });
  if (result.error) {
    console.error(`simulate: ${command} cannot be run (${result.error.message}). On Debian: apt install g++ cmake.`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

// What cmake has to say is of interest only when it fails, and then it says so on stderr.
const quiet = ['ignore', 'ignore', 'inherit'];
run('cmake', ['-S', 'test/sim', '-B', buildDirectory, `-DINFERNO_SANITIZE=${sanitize}`], quiet);
run('cmake', ['--build', buildDirectory, '--config', 'Release', '--parallel', String(availableParallelism())], quiet);
run(join(buildDirectory, 'Release/inferno-sim'), args);
