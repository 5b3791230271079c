import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorFromCode, InfernoError } from '../errors.js';
import { packageVersion } from '../version.js';
import { onAbort } from './abort.js';
import { ProbeCache } from './probe-cache.js';

export interface ProbeOptions {
  /** `inferno-probe`, which lies beside the addon. */
  readonly probeExecutable: string;
  /** Holds llama.cpp's backend libraries. */
  readonly libraryDirectory: string;
  /** Who loads it; `gguf` by default. */
  readonly kind?: 'gguf' | 'onnx';
  readonly signal?: AbortSignal;
  /** Remembers files that passed; default: in the user's cache directory. */
  readonly cacheFile?: string;
}

/** How a probe process ended. */
interface ProbeEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly lastErrorLine: string;
}

const exitRefused = 2;
const keptOutputCharacters = 64 * 1024;
/** A probe reads every weight once; what is slower than a slow disk hangs. */
const leastTimeoutMs = 300_000;
const slowDiskBytesPerMs = 20_000;

/** The files of a model: NAME-00001-of-00003.gguf stands for three. */
function partsOf(path: string): string[] {
  const match = /^(?<stem>.*)-00001-of-(?<count>\d{5})\.gguf$/su.exec(path);
  const { stem, count } = match?.groups ?? {};
  if (stem === undefined || count === undefined) return [path];
  const parts = Math.min(Number(count), 9999);
  return Array.from({ length: parts }, (_, index) => `${stem}-${String(index + 1).padStart(5, '0')}-of-${count}.gguf`);
}

/** What changes when a file does. Nothing when it cannot be read, which the probe then says better. */
async function fingerprintOf(path: string): Promise<{ readonly text: string; readonly bytes: number } | undefined> {
  try {
    const stats = await Promise.all(partsOf(path).map((part) => stat(part, { bigint: true })));
    const parts = stats.map(({ size, mtimeNs, ctimeNs, ino }) => [size, mtimeNs, ctimeNs, ino].join(':'));
    return { text: parts.join(' '), bytes: stats.reduce((sum, { size }) => sum + Number(size), 0) };
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

async function runProbe(path: string, options: ProbeOptions, timeoutMs: number): Promise<ProbeEnd> {
  const { probeExecutable, libraryDirectory, kind = 'gguf', signal } = options;
  return new Promise((settle, reject) => {
    const child = spawn(probeExecutable, [path, libraryDirectory, ...(kind === 'gguf' ? [] : [kind])], {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const kill = () => child.kill('SIGKILL');
    const release = signal && onAbort(signal, kill);
    // Not spawn's own `timeout`: its timer keeps the process alive when the program cannot be started.
    const timer = setTimeout(kill, timeoutMs);
    const text = { output: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.output = (text.output + chunk).slice(0, keptOutputCharacters);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text.errors = (text.errors + chunk).slice(-keptOutputCharacters);
    });
    child.on('error', (cause) => {
      clearTimeout(timer);
      release?.();
      const message = `The probe ${probeExecutable} cannot be run: ${cause.message}.`;
      reject(new InfernoError('backend_missing', message, { cause }));
    });
    child.on('close', (exitCode, killedBy) => {
      clearTimeout(timer);
      release?.();
      settle({ exitCode, signal: killedBy, output: text.output, lastErrorLine: lastLine(text.errors) });
    });
  });
}

const libraryNames = { gguf: 'llama.cpp', onnx: 'ONNX Runtime' } as const;

function refusal(output: string, library: string): InfernoError {
  try {
    const { code, message } = JSON.parse(output) as { readonly code?: unknown; readonly message?: unknown };
    if (typeof code === 'string' && typeof message === 'string') return errorFromCode(code, message);
  } catch {
    // Said below.
  }
  return new InfernoError('invalid_model_file', `${library} refused the file without saying why.`);
}

/** Windows has no signals: an abort is exit code 3, a crash an NTSTATUS. */
function failure(end: ProbeEnd, elapsedMs: number, timeoutMs: number, library: string): InfernoError {
  if (end.exitCode === exitRefused) return refusal(end.output, library);
  if (end.signal === 'SIGKILL' && elapsedMs >= timeoutMs) {
    const seconds = String(Math.round(timeoutMs / 1000));
    return new InfernoError('invalid_model_file', `Trying the file out did not end within ${seconds} seconds.`);
  }
  if (end.signal === 'SIGKILL') {
    // Nobody else sends it: an abort is SIGABRT, a crash SIGSEGV or SIGBUS.
    return new InfernoError(
      'out_of_memory',
      'The system ended the process that tried the file out, for lack of memory.',
    );
  }
  const how = end.signal === null ? `exit code ${String(end.exitCode)}` : `signal ${end.signal}`;
  const detail = end.lastErrorLine === '' ? how : `${how}: ${end.lastErrorLine}`;
  const message = `The file passed the header check but made ${library} abort (${detail}).`;
  return new InfernoError('invalid_model_file', message);
}

/**
 * Loads a model file in a throwaway process and does with it what the engine does, so that a file that makes the
 * library abort ends that process and not this one. Files that passed are remembered.
 *
 * @throws InfernoError `invalid_model_file` and the other codes of loading; `backend_missing` when the probe cannot be run;
 *   `signal.reason` when aborted.
 */
export async function probeModelFile(path: string, options: ProbeOptions): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const file = resolve(path);
  const cache = new ProbeCache(options.cacheFile);
  const before = await fingerprintOf(file);
  const key = before && `${packageVersion} ${before.text}`;
  if (key !== undefined && (await cache.has(file, key))) return;
  signal?.throwIfAborted();
  const timeoutMs = leastTimeoutMs + Math.round((before?.bytes ?? 0) / slowDiskBytesPerMs);
  const startedAt = performance.now();
  const end = await runProbe(file, options, timeoutMs);
  signal?.throwIfAborted();
  if (end.exitCode !== 0) {
    throw failure(end, performance.now() - startedAt, timeoutMs, libraryNames[options.kind ?? 'gguf']);
  }
  // A file that was written to meanwhile is not the one that passed.
  const after = await fingerprintOf(file);
  if (key !== undefined && after?.text === before?.text) await cache.add(file, key);
}
