import { BackgroundService } from '../background/background-service.js';
import { AnswerExecutor } from './background-executor.js';
import type { ServerContext } from './server-context.js';

/** Requests with `"background": true`, which outlive their connection and the process. */
export interface BackgroundOptions {
  /** Where they are kept, prompts and answers included; made when it does not exist. One process at a time may use it. */
  readonly directory: string;
  /** Everything in one compressed file, so often; default 30,000. What lies between is in a log. */
  readonly checkpointIntervalMs?: number;
  /** zstd, 1 to 22; default 3. */
  readonly compressionLevel?: number;
  /** How long a request is kept after it has ended; default 86,400,000 (a day). */
  readonly retentionMs?: number;
  /** Told once, before the server listens, what was wrong with the files; default: a process warning for each. */
  readonly onWarning?: (sentence: string) => void;
}

const defaults = { checkpointIntervalMs: 30_000, compressionLevel: 3, retentionMs: 86_400_000 } as const;
const bounds = {
  checkpointIntervalMs: [1, 86_400_000],
  compressionLevel: [1, 22],
  retentionMs: [0, 31_536_000_000],
} as const;

type Numbers = Record<keyof typeof bounds, number>;

function resolveNumbers(options: BackgroundOptions): Numbers {
  const resolved: Numbers = { ...defaults };
  for (const name of Object.keys(bounds) as (keyof typeof bounds)[]) {
    const value = options[name] ?? defaults[name];
    const [least, most] = bounds[name];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new RangeError(
        `Expected a whole number from ${String(least)} to ${String(most)} for background.${name} but received ${String(value)}.`,
      );
    }
    resolved[name] = value;
  }
  return resolved;
}

function warnProcess(sentence: string): void {
  process.emitWarning(sentence, 'InfernoJournalWarning');
}

/**
 * Opens the journal; runs nothing yet.
 *
 * @throws InfernoError `journal_unavailable`; RangeError for options out of range.
 */
export async function openBackground(
  options: BackgroundOptions | undefined,
  context: ServerContext,
): Promise<BackgroundService | undefined> {
  if (options === undefined) return undefined;
  const { directory, onWarning = warnProcess } = options;
  if (directory === '') throw new RangeError('Expected a path for background.directory but received an empty one.');
  const numbers = resolveNumbers(options);
  const service = await BackgroundService.open({ directory, ...numbers }, new AnswerExecutor(context));
  for (const warning of service.warnings) onWarning(warning);
  return service;
}
