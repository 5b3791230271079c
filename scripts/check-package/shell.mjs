// Running programs and reading what they say, for the checks of the package.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** What the program printed; its failure is an error with all of that. */
export function run(command, args, options) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.status === 0) return result.stdout;
  throw new Error(`\`${command} ${args.join(' ')}\` failed:\n${result.error ?? ''}${result.stdout}${result.stderr}`);
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function seconds(beginMs) {
  return ((performance.now() - beginMs) / 1000).toFixed(2);
}
