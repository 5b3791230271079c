// An empty project whose only dependency is the packed tarball, and a PATH with node and npm alone.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readJson, root, run } from './shell.mjs';

const mebibyte = 1024 * 1024;
const mostPackedBytes = 90 * mebibyte;

/** Packs this repository, or the package in another folder, into `folder`; the tarball's path. */
export function pack(folder, source = root) {
  const printed = run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: source });
  const tarball = join(folder, printed.trim().split('\n').at(-1));
  const packed = statSync(tarball).size;
  const size = (packed / mebibyte).toFixed(1);
  console.log(`packed: ${basename(tarball)}, ${size} MiB (at most ${mostPackedBytes / mebibyte})`);
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

/**
 * The versions that were tested, so that npm resolves nothing by itself and needs no registry. `engine`: the tarball of this
 * machine's engine, where that is a package of its own.
 */
export function writeProject(project, tarball, engine) {
  const lock = readJson(join(root, 'package-lock.json'));
  const { version, dependencies, engines, bin } = readJson(join(root, 'package.json'));
  const spec = `file:${tarball}`;
  const runtime = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true);
  const own = { version, resolved: spec, hasInstallScript: true, dependencies, engines, bin };
  const wanted = { 'inferno-ai': spec };
  const packages = { '': { dependencies: wanted }, 'node_modules/inferno-ai': own };
  if (engine !== undefined) {
    const name = `inferno-ai-${process.platform}-${process.arch}`;
    wanted[name] = `file:${engine}`;
    packages[`node_modules/${name}`] = { version, resolved: wanted[name] };
  }
  for (const [path, entry] of runtime) packages[path] = entry;
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
}
