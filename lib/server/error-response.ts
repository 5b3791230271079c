import { errorCodes } from '../error-codes.js';
import type { ErrorCode } from '../error-codes.js';
import { InfernoError, isErrorCode } from '../errors.js';

/** One thing wrong with a request. */
export interface Fault {
  /** Where, e.g. `messages[0].content`; null when it is not about one field. */
  readonly param: string | null;
  readonly message: string;
}

/** An answer that is an error: its status and its body in OpenAI's shape. */
export interface ErrorReply {
  readonly code: ErrorCode;
  readonly status: number;
  /** JSON text of `{"error":{…}}`. */
  readonly json: string;
  /** For a 429 or 503; default 1. */
  readonly retryAfterSeconds?: number;
}

/** Codes whose message may tell of this machine's files or of our insides: the table's own sentence is sent instead. */
const privateCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'file_not_found',
  'file_unreadable',
  'invalid_model_file',
  'unsupported_model',
  'backend_missing',
  'internal_error',
]);

/** Absolute paths, POSIX or Windows, that a native message may quote. */
const paths = /(?:[A-Za-z]:\\|\\\\|\/)(?:[\w.@+~-]+[\\/])+[\w.@+~-]+/g;

function reply(code: ErrorCode, faults: readonly Fault[]): ErrorReply {
  const { status, type } = errorCodes[code];
  const error = {
    message: faults.map((fault) => fault.message).join(' '),
    type,
    param: faults[0]?.param ?? null,
    code,
    ...(faults.length > 1 ? { errors: faults } : {}),
  };
  return { code, status, json: JSON.stringify({ error }) };
}

export function errorReply(code: ErrorCode, message: string, param: string | null = null): ErrorReply {
  return reply(code, [{ param, message }]);
}

/** All faults of one request in one answer. REQUIRES: at least one. */
export function faultsReply(faults: readonly Fault[]): ErrorReply {
  return reply('invalid_argument', faults);
}

/** The answer for an outcome reported by the engine. Nothing of this machine's file system is in it. */
export function outcomeReply(code: string, message: string, param: string | null = null): ErrorReply {
  if (!isErrorCode(code)) return errorReply('internal_error', 'The server failed to answer this request.');
  if (privateCodes.has(code)) {
    return errorReply(code, `The model cannot answer this request (${code}); the server's log says why.`, param);
  }
  return errorReply(code, message.replace(paths, '(path)'), param);
}

/** The answer for whatever was thrown. */
export function thrownReply(thrown: unknown): ErrorReply {
  if (InfernoError.isInstance(thrown)) return outcomeReply(thrown.code, thrown.message, thrown.param ?? null);
  return outcomeReply('internal_error', '');
}

/** The answer for a generation that the engine reports as failed. */
export function failureReply(error: { readonly code: string; readonly message: string } | undefined): ErrorReply {
  return error === undefined ? outcomeReply('internal_error', '') : outcomeReply(error.code, error.message);
}
