import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** A file that passed, and what it looked like then. */
interface ProbeEntry {
  readonly path: string;
  readonly key: string;
}

const maxEntries = 500;
const format = 1;
let writes = 0;

/** INFERNO_CACHE_DIR, else the user's cache folder of this system. */
export function cacheDirectory(): string {
  const { platform, env } = process;
  const chosen = env['INFERNO_CACHE_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const home = homedir();
  const folder = (name: string, fallback: string) => {
    const value = env[name];
    return value === undefined || value === '' ? fallback : value;
  };
  if (platform === 'win32') return join(folder('LOCALAPPDATA', join(home, 'AppData', 'Local')), 'inferno', 'cache');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'inferno');
  return join(folder('XDG_CACHE_HOME', join(home, '.cache')), 'inferno');
}

function isEntry(value: unknown): value is ProbeEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { path, key } = value as { readonly path?: unknown; readonly key?: unknown };
  return typeof path === 'string' && typeof key === 'string';
}

/**
 * Remembers files between processes, the newest last. Several writers may meet: each replaces the whole file, so an entry
 * may be lost, which costs one more probe, but nobody reads half a file.
 */
export class ProbeCache {
  readonly #file: string;

  constructor(file = join(cacheDirectory(), 'probed-models.json')) {
    this.#file = file;
  }

  async has(path: string, key: string): Promise<boolean> {
    const entries = await this.#read();
    return entries.some((entry) => entry.path === path && entry.key === key);
  }

  /** Never fails: without a cache everything works, only slower. */
  async add(path: string, key: string): Promise<void> {
    const others = (await this.#read()).filter((entry) => entry.path !== path);
    const entries = [...others, { path, key }].slice(-maxEntries);
    writes++;
    const unfinished = `${this.#file}.${String(process.pid)}-${String(threadId)}-${String(writes)}.tmp`;
    try {
      await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
      await writeFile(unfinished, JSON.stringify({ format, entries }), { mode: 0o600 });
      await rename(unfinished, this.#file);
    } catch {
      await rm(unfinished, { force: true }).catch(() => undefined);
    }
  }

  /** What cannot be read or understood counts as empty. */
  async #read(): Promise<ProbeEntry[]> {
    try {
      const content = JSON.parse(await readFile(this.#file, 'utf8')) as unknown;
      const { format: found, entries } = content as { readonly format?: unknown; readonly entries?: unknown };
      return found === format && Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      return [];
    }
  }
}
