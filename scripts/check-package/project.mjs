// An empty project whose only dependency is the packed tarball, and a PATH with node and npm alone.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root, run } from './shell.mjs';

const mebibyte = 1024 * 1024;
const mostPackedBytes = 90 * mebibyte;

/** Packs this repository into `folder`; the tarball's path. */
export function pack(folder) {
  const printed = run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
  const tarball = join(folder, printed.trim().split('\n').at(-1));
  const packed = statSync(tarball).size;
  console.log(`packed: ${(packed / mebibyte).toFixed(1)} MiB (at most ${mostPackedBytes / mebibyte})`);
  if (packed > mostPackedBytes) throw new Error('The package is too large.');
  return tarball;
}

/** A folder that is the whole PATH of what is tested. */
export function barePath(folder) {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  const npm = spawnSync('which', ['npm'], { encoding: 'utf8' }).stdout.trim();
  symlinkSync(npm, join(bin, 'npm'));
  return bin;
}

/** The versions that were tested, so that npm resolves nothing by itself and needs no registry. */
export function writeProject(project, tarball) {
  const lock = readJson(join(root, 'package-lock.json'));
  const { version, dependencies, engines, bin } = readJson(join(root, 'package.json'));
  const spec = `file:${tarball}`;
  const runtime = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true);
  const own = { version, resolved: spec, hasInstallScript: true, dependencies, engines, bin };
  const packages = { '': { dependencies: { 'inferno-ai': spec } }, 'node_modules/inferno-ai': own };
  for (const [path, entry] of runtime) packages[path] = entry;
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies: { 'inferno-ai': spec } }));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
}
