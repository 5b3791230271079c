/** Where and on what was measured. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Of this repository; `dirty` when files differ from it. */
  readonly commit: string;
  readonly dirty: boolean;
  readonly llamaCommit: string;
  /** Of the last minute, before the first run. Over about 0.3 something else was running. */
  readonly loadAverage: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));

function git(...args: readonly string[]): string {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

function llamaCommit(): string {
  const manifest = JSON.parse(readFileSync(new URL('../native/vendor/manifest.json', import.meta.url), 'utf8')) as {
    readonly parts: readonly { readonly name: string; readonly commit?: string }[];
  };
  return manifest.parts.find((part) => part.name === 'llama.cpp')?.commit ?? 'unknown';
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    system: `${type()} ${release()}`,
    node: process.version,
    commit: git('rev-parse', 'HEAD') || 'unknown',
    dirty: git('status', '--porcelain') !== '',
    llamaCommit: llamaCommit(),
    loadAverage: loadavg()[0] ?? 0,
  };
}
