/** llama.cpp's own programs, built from the vendored tree. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const builder = fileURLToPath(new URL('build-llama.mjs', import.meta.url));
const builtFolder = fileURLToPath(new URL('../../.cache/peers/bin', import.meta.url));
const programs = ['llama-bench', 'llama-batched-bench', 'llama-server'] as const;

export type PeerProgram = (typeof programs)[number];

export class PeerTools {
  readonly #folder: string;

  /** `INFERNO_PEERS_DIR` names a folder with ready programs; otherwise they are built on first use. */
  constructor(folder = process.env['INFERNO_PEERS_DIR']) {
    if (folder === undefined && !programs.every((name) => existsSync(join(builtFolder, name)))) {
      // Their output would mix with the results on stdout.
      const { status } = spawnSync(process.execPath, [builder], { stdio: ['ignore', 2, 'inherit'] });
      if (status !== 0) throw new Error('The programs to compare with could not be built.');
    }
    this.#folder = folder ?? builtFolder;
  }

  path(program: PeerProgram): string {
    const path = join(this.#folder, program);
    if (!existsSync(path)) throw new Error(`There is no ${program} in ${this.#folder}.`);
    return path;
  }
}
