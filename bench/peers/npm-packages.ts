/** Packages from npm that Inferno is measured against, fetched by name with the ordinary client. CPU builds only. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface NpmPeer {
  readonly name: string;
  readonly version: string;
  /** The package with its ready binary for this system. */
  readonly binary: string;
}

const folder = fileURLToPath(new URL('../../.cache/peers-npm', import.meta.url));
const system = `${process.platform}-${process.arch}`;
/** node-llama-cpp has names of its own. */
const systemOfNodeLlamaCpp = system
  .replace('darwin-arm64', 'mac-arm64-metal')
  .replace('darwin', 'mac')
  .replace('win32', 'win');

export const npmPeers = {
  'node-llama-cpp': {
    name: 'node-llama-cpp',
    version: '3.22.1',
    binary: `@node-llama-cpp/${systemOfNodeLlamaCpp}`,
  },
  'llama.node': { name: '@fugood/llama.node', version: '1.7.15', binary: `@fugood/node-llama-${system}` },
} as const satisfies Record<string, NpmPeer>;

export type NpmPeerName = keyof typeof npmPeers;

function installedVersion(name: string): string | undefined {
  const path = join(folder, 'node_modules', name, 'package.json');
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}

/**
 * The folder of the package, installed on first use: without scripts, and without optional packages, of which the ones
 * for graphics cards are hundreds of megabytes; the one that is needed is named instead.
 */
export function npmPeerFolder(peer: NpmPeerName): string {
  const wanted = Object.values(npmPeers).flatMap(({ name, version, binary }) => [
    { name, version },
    { name: binary, version },
  ]);
  if (wanted.some(({ name, version }) => installedVersion(name) !== version)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--ignore-scripts', '--omit=optional', '--no-save', '--no-audit', '--no-fund'];
    const packages = wanted.map(({ name, version }) => `${name}@${version}`);
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const { status } = spawnSync(npm, [...args, ...packages], { cwd: folder, stdio: ['ignore', 2, 'inherit'] });
    if (status !== 0) throw new Error(`These packages could not be installed: ${packages.join(', ')}`);
  }
  return join(folder, 'node_modules', npmPeers[peer].name);
}
