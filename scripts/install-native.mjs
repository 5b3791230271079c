// npm's install hook: uses the prebuilt addon when one fits this machine, and builds from source otherwise.
// INFERNO_BUILD_FROM_SOURCE=1 skips the prebuilt one; INFERNO_SKIP_NATIVE=1 does nothing (the addon comes later).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function prebuildFits() {
  const directory = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  if (!existsSync(directory)) return false;
  try {
    createRequire(import.meta.url)('node-gyp-build')(root);
    return true;
  } catch (error) {
    console.error(`inferno: the prebuilt addon does not load here (${error.message}).`);
    return false;
  }
}

if (process.env.INFERNO_SKIP_NATIVE === '1') process.exit(0);
const fromSource = process.env.INFERNO_BUILD_FROM_SOURCE === '1';
if (!fromSource && prebuildFits()) process.exit(0);
console.error(
  `inferno: building the engine from source (${fromSource ? 'INFERNO_BUILD_FROM_SOURCE=1' : `no prebuilt addon for ${process.platform}-${process.arch}`}); this takes a few minutes.`,
);
const result = spawnSync(process.execPath, [join(root, 'scripts/build-native.mjs')], { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);
