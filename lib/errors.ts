import { inspect } from 'node:util';
import { errorCodes } from './error-codes.js';
import type { ErrorCode } from './error-codes.js';

/** Recognises errors of every copy of this package in a process: the ESM and the CommonJS bundle each have a class. */
const brand = Symbol.for('inferno-ai.InfernoError');

/** Outcomes that may be different when the same call is made again. */
const retryableCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'request_timeout',
  'queue_full',
  'overloaded',
  'model_loading',
  'shutting_down',
  'decode_failed',
]);

/** What an error may carry beside its code and message. */
export interface InfernoErrorDetails {
  readonly cause?: unknown;
  /** The argument or field at fault, e.g. `messages[0].content`. */
  readonly param?: string;
  readonly requestId?: string;
  /** Says what to do better than the code's own sentence does. */
  readonly remedy?: string;
}

/**
 * An outcome that is not what was asked for, with a stable `code`; `docs/errors.md` lists all of them. Misuse at a call
 * (a wrong type, a value out of range, a misspelt option) is a `TypeError` or `RangeError` instead.
 */
export class InfernoError extends Error {
  readonly code: ErrorCode;
  /** The HTTP status the server answers with. */
  readonly status: number;
  /** OpenAI's error type. */
  readonly type: string;
  /** One sentence that says what to do. */
  readonly remedy: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  declare readonly param?: string;
  declare readonly requestId?: string;

  static {
    // On the prototype, so that an inspected error shows what differs between errors only.
    Object.defineProperty(this.prototype, 'name', { value: 'InfernoError', writable: true, configurable: true });
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  constructor(code: ErrorCode, message: string, options: InfernoErrorDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const { status, type, remedy } = errorCodes[code];
    this.code = code;
    this.status = status;
    this.type = type;
    this.remedy = options.remedy ?? remedy;
    this.retryable = retryableCodes.has(code);
    if (options.param !== undefined) this.param = options.param;
    if (options.requestId !== undefined) this.requestId = options.requestId;
  }

  /** Like `instanceof`, also across the ESM and the CommonJS bundle of this package. */
  static isInstance(value: unknown): value is InfernoError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  }
}

/** Where a caller stood when it started what may fail later, when its frames are gone from the stack. */
export class CallerTrace {
  /** Filled by V8 and formatted only when it is read. */
  declare readonly stack: string;

  constructor() {
    Error.captureStackTrace(this, CallerTrace);
  }

  /** The frames without the headline. */
  get frames(): string {
    const newline = this.stack.indexOf('\n');
    return newline === -1 ? '' : this.stack.slice(newline);
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

/** An error that the engine reported for something started at `trace`. */
export function failureFrom(
  failure: { readonly code: string; readonly message: string },
  trace: CallerTrace,
): InfernoError {
  const { code, message } = failure;
  const error = new InfernoError(isErrorCode(code) ? code : 'internal_error', message);
  error.stack = `${error.name}: ${message}${trace.frames}`;
  return error;
}

/**
 * The `InfernoError` for what the addon threw or rejected with; anything else comes back as it is. Called in the `catch`
 * of an async function, the new error's stack names that function's callers, which the addon's own cannot.
 */
export function fromNative(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || InfernoError.isInstance(thrown)) return thrown;
  const { code } = thrown as { readonly code?: unknown };
  return isErrorCode(code) ? new InfernoError(code, thrown.message, { cause: thrown }) : thrown;
}

/** Calls into the addon; what it throws arrives as `InfernoError`. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

/** Waits for the addon; what it rejects with arrives as `InfernoError` with the stack of whoever awaits this. */
export async function awaitNative<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw fromNative(error);
  }
}

/** An error that the engine reported by code and message. */
export function errorFromCode(code: string, message: string): InfernoError {
  return new InfernoError(isErrorCode(code) ? code : 'internal_error', message);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) return 'array';
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

const shownCharacters = 60;

/** "3 of type number", for the end of a sentence that begins with what was expected. */
export function received(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  const text = inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 4, maxStringLength: shownCharacters });
  const short = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
  return `${short} of type ${typeName(value)}`;
}

/** "Expected X for NAME but received V of type T." */
export function expected(what: string, name: string, value: unknown): string {
  return `Expected ${what} for ${name} but received ${received(value)}.`;
}
