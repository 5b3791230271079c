import type { ErrorReply } from './error-response.js';
import type { ExchangeWork } from './exchange.js';
import type { RequestRecord } from './request-ledger.js';
import type { ServerContext } from './server-context.js';
import type { Header } from './socket-activity.js';

/** Whom an answer is for: a client that waits (`Exchange`), or a background record. It is answered once. */
export interface AnswerTarget {
  readonly requestId: string;
  /** When it arrived, by `performance.now()`; deadlines count from there. */
  readonly startedMs: number;
  readonly context: ServerContext;
  /** False once it was answered, or nobody wants the answer any more. */
  readonly isOpen: boolean;
  /** How others see it, once it was found to be valid. */
  readonly record: RequestRecord | undefined;
  /** What to cancel when it closes. */
  setWork(work: ExchangeWork): void;
  sendJson(status: number, json: string, headers?: readonly Header[]): void;
  sendError(reply: ErrorReply): void;
  processingHeader(): Header;
}
