/** The files that `inferno bench` reads and writes. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { benchResultSchema, type BenchResult } from '../bench/bench-result.js';
import { CliError } from './cli-error.js';
import { formatBytes } from './format.js';

/** Far more than the limits of the format allow to be useful; nobody's terabyte is read into memory. */
const mostBytes = 64 * 1024 * 1024;
const remedy = 'Give a file that `inferno bench --out` wrote.';

function invalid(path: string, why: string): CliError {
  return new CliError('invalid_bench_result', `${path} is no benchmark result: ${why}`, remedy);
}

function unreadable(path: string, error: unknown): CliError {
  const { code = 'unreadable', message } = error as NodeJS.ErrnoException;
  return new CliError(code, `${path} cannot be read: ${message}.`, 'Check the path.');
}

function textOf(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > mostBytes)
      throw invalid(path, `it has ${formatBytes(size)}, and the limit is ${formatBytes(mostBytes)}.`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(path, error);
  }
}

/** Throws CliError for a file that is not there or not a result. */
export function readBenchResult(path: string): BenchResult {
  let json: unknown;
  try {
    json = JSON.parse(textOf(path));
  } catch (error) {
    throw error instanceof SyntaxError ? invalid(path, 'it is not JSON.') : error;
  }
  const checked = benchResultSchema.safeParse(json);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue === undefined ? '' : z.core.toDotPath(issue.path);
  throw invalid(path, `${where === '' ? '' : `${where}: `}${issue?.message ?? 'unknown reason'}.`);
}

/** Throws CliError when it cannot be written. */
export function writeBenchFile(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    const { code = 'unwritable', message } = error as NodeJS.ErrnoException;
    throw new CliError(code, `${path} cannot be written: ${message}.`, 'Check the folder and its permissions.');
  }
}

/** Now rather than after an hour of measuring. What was in the file stays until there is something new. */
export function checkWritable(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'a' });
  } catch (error) {
    const { code = 'unwritable', message } = error as NodeJS.ErrnoException;
    throw new CliError(code, `${path} cannot be written: ${message}.`, 'Check the folder and its permissions.');
  }
}
