import { InfernoError } from '../errors.js';
import { ExitCode } from './exit-codes.js';

/** An error of the command line tool itself: one sentence, and one line that says what to do. */
export class CliError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly exitCode: number;

  constructor(code: string, message: string, remedy: string, exitCode: number = ExitCode.failure) {
    super(message);
    this.name = 'CliError';
    this.code = code;
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}

/** The command line is wrong. */
export class UsageError extends CliError {
  constructor(message: string, remedy: string) {
    super('usage', message, remedy, ExitCode.usage);
    this.name = 'UsageError';
  }
}

/** The user ended the command; nothing is printed for it. */
export class InterruptedError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number = ExitCode.interrupted) {
    super('Interrupted.');
    this.name = 'InterruptedError';
    this.exitCode = exitCode;
  }
}

/** What the user sees of an error, in text or as JSON. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

function remedyForSystemCode(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'Check the path.';
    case 'EACCES':
    case 'EPERM':
      return 'Check the permissions.';
    case 'ENOSPC':
      return 'Free some disk space and try again.';
    default:
      return 'Run `inferno doctor` to check this installation.';
  }
}

export function describeError(error: unknown): ErrorReport {
  if (error instanceof CliError) return { code: error.code, message: error.message, remedy: error.remedy };
  if (InfernoError.isInstance(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  if (error instanceof TypeError || error instanceof RangeError) {
    return { code: 'invalid_argument', message: error.message, remedy: 'Correct the named option; see --help.' };
  }
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'internal_error';
    return { code, message: error.message, remedy: remedyForSystemCode(code) };
  }
  return { code: 'internal_error', message: String(error), remedy: remedyForSystemCode('') };
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError || error instanceof InterruptedError) return error.exitCode;
  return ExitCode.failure;
}
