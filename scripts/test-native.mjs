// Builds and runs the native unit tests. `--sanitize address,undefined` or `--sanitize thread` builds a tree of its own
// (build-asan, build-tsan) with llama.cpp instrumented too. Other arguments select tests by a part of their names.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const sanitizeAt = args.indexOf('--sanitize');
const sanitize = sanitizeAt < 0 ? '' : args.splice(sanitizeAt, 2)[1];
const buildDirectory = join(
  root,
  { '': 'build', 'address,undefined': 'build-asan', thread: 'build-tsan' }[sanitize] ?? 'build-sanitize',
);

function run(command, commandArgs, env = process.env) {
  const result = spawnSync(command, commandArgs, { cwd: root, stdio: 'inherit', env });
  if (result.error) {
    console.error(`test-native: ${command} cannot be run (${result.error.message}). On Debian: apt install g++ cmake.`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** The first model there is; the engine tests hold for any small one. */
function testModel() {
  const candidates = [process.env.INFERNO_TEST_MODEL, join(root, 'models/ember.gguf')];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  console.error('test-native: models/ember.gguf is missing, and INFERNO_TEST_MODEL names no model.');
  process.exit(1);
}

/** The test model as ONNX graphs, and encoders, by the variables that name them. */
function madeModels() {
  const script = join(root, 'scripts/native-test-models.ts');
  const made = spawnSync(process.execPath, ['--import', 'tsx', script], { cwd: root, encoding: 'utf8' });
  if (made.status !== 0) {
    console.error(`test-native: the models cannot be made. ${made.stderr}`);
    process.exit(1);
  }
  const [growing, shared, embedder, reranker] = made.stdout.split('\n');
  return {
    INFERNO_TEST_ONNX: growing,
    INFERNO_TEST_ONNX_SHARED: shared,
    INFERNO_TEST_EMBEDDER: embedder,
    INFERNO_TEST_RERANKER: reranker,
  };
}

run(process.execPath, [join(root, 'native/vendor/fetch.mjs')]);
if (sanitize === '') {
  // The addon's tree: llama.cpp is built once for both.
  run(process.execPath, [join(root, 'scripts/build-native.mjs')]);
  run('cmake', ['-S', '.', '-B', buildDirectory, '-DINFERNO_NATIVE_TESTS=ON']);
} else if (!existsSync(join(buildDirectory, 'CMakeCache.txt'))) {
  const generator = spawnSync('ninja', ['--version']).status === 0 ? ['-G', 'Ninja'] : [];
  run('cmake', [
    '-S',
    '.',
    '-B',
    buildDirectory,
    ...generator,
    '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
    '-DINFERNO_ADDON=OFF',
    '-DINFERNO_NATIVE_TESTS=ON',
    `-DINFERNO_SANITIZE=${sanitize}`,
  ]);
}
run('cmake', [
  '--build',
  buildDirectory,
  '--target',
  'inferno-native-tests',
  '--parallel',
  String(availableParallelism()),
]);
run(join(buildDirectory, 'Release/inferno-native-tests'), args, {
  ...process.env,
  INFERNO_TEST_MODEL: testModel(),
  ...madeModels(),
  INFERNO_LIBRARY_DIR: join(buildDirectory, 'Release'),
  // Leaks are errors too; nothing of ours is meant to live until exit.
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0',
  LSAN_OPTIONS: `suppressions=${join(root, 'test/native/lsan-suppressions.txt')}:print_suppressions=0`,
  TSAN_OPTIONS: `halt_on_error=1:second_deadlock_stack=1:suppressions=${join(root, 'test/native/tsan-suppressions.txt')}`,
  UBSAN_OPTIONS: 'print_stacktrace=1',
});
