// npm's install hook: uses the prebuilt addon when one fits this machine, and builds from source otherwise.
// INFERNO_BUILD_FROM_SOURCE=1 skips the prebuilt one; INFERNO_SKIP_NATIVE=1 does nothing (the addon comes later).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const require = createRequire(import.meta.url);
const machine = `${process.platform}-${process.arch}`;

/** The folder with the prebuilt addon: this package, or that of the engine, which npm installs before this hook runs. */
function prebuiltPackage() {
  if (existsSync(join(root, 'prebuilds', machine))) return root;
  try {
    return dirname(require.resolve(`inferno-ai-${machine}/package.json`));
  } catch {
    return undefined;
  }
}

/** Why the prebuilt addon is not used; undefined when it fits. */
function whyNotPrebuilt() {
  if (process.env.INFERNO_BUILD_FROM_SOURCE === '1') return 'INFERNO_BUILD_FROM_SOURCE=1';
  const folder = prebuiltPackage();
  if (folder === undefined) return `there is no prebuilt engine for ${machine}`;
  try {
    require('node-gyp-build')(folder);
    return undefined;
  } catch (error) {
    const [firstLine] = error.message.split('\n');
    return `the prebuilt engine does not load here (${firstLine})`;
  }
}

if (process.env.INFERNO_SKIP_NATIVE === '1') process.exit(0);
const reason = whyNotPrebuilt();
if (reason === undefined) process.exit(0);
console.error(`inferno: building the engine from source, since ${reason}. It takes minutes.`);
const env = { ...process.env, INFERNO_BUILD_REASON: reason };
const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-native.mjs')], {
  cwd: root,
  stdio: 'inherit',
  env,
});
if (status !== 0) {
  console.error(
    'inferno: the engine was not built. INFERNO_SKIP_NATIVE=1 installs without it; docs/install.md says more.',
  );
}
process.exit(status ?? 1);
