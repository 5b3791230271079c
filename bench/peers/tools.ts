/** llama.cpp's own programs, built from the vendored tree. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const builder = fileURLToPath(new URL('build-llama.mjs', import.meta.url));
const programs = ['llama-bench', 'llama-batched-bench', 'llama-server', 'llama-completion'] as const;

export type PeerProgram = (typeof programs)[number];

/** `asUsersBuildIt`: llama.cpp's defaults. `sameKernels`: compiled with the CPU flags of our addon. */
const variants = {
  asUsersBuildIt: { variable: 'INFERNO_PEERS_DIR', folder: '../../.cache/peers/bin', flags: [] },
  sameKernels: {
    variable: 'INFERNO_PEERS_SAME_KERNELS_DIR',
    folder: '../../.cache/peers-same-kernels/bin',
    flags: ['--same-kernels'],
  },
} as const;

export class PeerTools {
  readonly #folder: string;

  /** The environment may name a folder with ready programs; otherwise they are built on first use. */
  constructor(variant: keyof typeof variants = 'asUsersBuildIt') {
    const { variable, folder, flags } = variants[variant];
    const built = fileURLToPath(new URL(folder, import.meta.url));
    const given = process.env[variable];
    if (given === undefined && !programs.every((name) => existsSync(join(built, name)))) {
      // Their output would mix with the results on stdout.
      const { status } = spawnSync(process.execPath, [builder, ...flags], { stdio: ['ignore', 2, 'inherit'] });
      if (status !== 0) throw new Error('The programs to compare with could not be built.');
    }
    this.#folder = given ?? built;
  }

  path(program: PeerProgram): string {
    const path = join(this.#folder, program);
    if (!existsSync(path)) throw new Error(`There is no ${program} in ${this.#folder}.`);
    return path;
  }
}
