import type { ErrorReply } from './error-response.js';
import type { ResolvedLimits } from './server-limits.js';

export type Header = readonly [name: string, value: string];

/** What an exchange is doing with its socket; looked at by the registry's sweep. */
export interface SocketActivity {
  sweep(now: number): void;
  /** The server ends: finish with an error now. */
  shutDown(reply: ErrorReply): void;
  /** The exchange has closed, however it came to that. */
  release?(): void;
}

/** What an activity may ask of the exchange it belongs to. */
export interface ActivityOwner {
  /** False once the answer is complete or the client is gone; nobody touches the response then. */
  readonly isOpen: boolean;
  readonly limits: ResolvedLimits;
  pauseWork(): void;
  resumeWork(): void;
  /** Keeps uWebSockets.js from ending the connection before our own limits do. */
  postponeTimeout(now: number): void;
  /** Status and the headers every answer has. REQUIRES: corked, first write. */
  writeHead(status: number, contentType: string, headers: readonly Header[]): void;
  /** The header that says how long the answer took to compute so far. */
  processingHeader(): Header;
  sendError(reply: ErrorReply): void;
  /** The answer ends with this error. */
  noteError(reply: ErrorReply): void;
  /** The answer is complete and with uWebSockets.js, or the client is gone. Idempotent. */
  finish(): void;
  /** Closes the connection under a client that does not do its part, and frees what it used. */
  drop(): void;
}
