// Runs the TypeScript tests from their sources.
//   node scripts/test-ts.mjs                 everything in test/<area>/*.test.ts
//   node scripts/test-ts.mjs cli server      only these areas
// Node 20 does not expand globs for --test, and neither does every shell; so the files are listed here.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** These run for minutes and have scripts of their own. */
const slowAreas = new Set(['native', 'stress', 'fuzz', 'parity']);

function areas() {
  return readdirSync(join(root, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !slowAreas.has(entry.name))
    .map((entry) => entry.name)
    .sort();
}

function testFiles(area) {
  const folder = join(root, 'test', area);
  if (!existsSync(folder)) {
    console.error(`There is no folder test/${area}. Areas: ${areas().join(', ')}.`);
    process.exit(2);
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', area, name));
}

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const files = (asked.length > 0 ? asked : areas()).flatMap(testFiles);
const args = ['--import', 'tsx', '--test', '--test-reporter', 'spec', ...flags, ...files];
const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);
