import type { AnswerUsage, FinishReason, PartFraming } from './answer-format.js';
import type { Caller } from './caller.js';
import type { ErrorReply } from './error-response.js';
import type { ExchangeWork } from './exchange-work.js';
import type { FrameBatching } from './frame-batching.js';
import type { RequestRecord } from './request-ledger.js';
import type { RequestRecorder } from '../profile/request-recorder.js';
import type { RequestScheduling } from './request-scheduling.js';
import type { ServerContext } from './server-context.js';
import type { Header } from './socket-activity.js';
import type { RequestTrace } from '../tracing/request-trace.js';

/** How a streamed answer came out. */
export interface AnswerEnding {
  readonly usage: AnswerUsage;
  /** Of the first choice; every choice's own is in its last part. */
  readonly finishReason: FinishReason;
}

/** Where the parts of one streamed answer go. Called once per choice and wake. */
export interface AnswerStream {
  /** True once a part is out: an error from here on comes after parts. */
  readonly hasStarted: boolean;
  /** Complete parts, and the tokens that they complete. */
  write(parts: string, tokens: number): void;
  /** The last parts. */
  end(parts: string, tokens: number, ending: AnswerEnding): void;
  /** How errors of this answer are written once it has started; for streams that do not frame them by themselves. */
  writeErrorsWith?(failure: (reply: ErrorReply) => string): void;
  /** The answer ends with an error. */
  fail(reply: ErrorReply): void;
}

/** Whom an answer is for: a client that waits (`Exchange`, `SessionStream`), or a background record. It is answered once. */
export interface AnswerTarget {
  readonly requestId: string;
  /** When it arrived, by `performance.now()`; deadlines count from there. */
  readonly startedMs: number;
  readonly context: ServerContext;
  /** Who asked, as far as keys tell: what is kept for one is not shown to another. */
  readonly owner: string;
  /** False once it was answered, or nobody wants the answer any more. */
  readonly isOpen: boolean;
  /** Undefined while tracing is off. */
  readonly trace: RequestTrace | undefined;
  /** How others see it, once it was found to be valid. */
  readonly record: RequestRecord | undefined;
  /** Measures it; undefined when nothing is measured. */
  readonly recorder: RequestRecorder | undefined;
  /** How the parts of a streamed answer are to be written. */
  readonly framing: PartFraming;
  /** How its tokens are gathered; undefined: what comes together goes out together. */
  readonly frames: FrameBatching | undefined;
  /** Headers of the answer, whatever it will be; for who has headers. */
  setHeaders?(headers: readonly Header[]): void;
  /** What to cancel when it closes. */
  setWork(work: ExchangeWork): void;
  /** Undefined for who takes whole answers only. REQUIRES: nothing sent. */
  openStream(): AnswerStream | undefined;
  sendJson(status: number, json: string, headers?: readonly Header[]): void;
  sendError(reply: ErrorReply): void;
  processingHeader(): Header;
}

/** Who sent a request, and waits for the answer: over HTTP (`Exchange`) or over a WebSocket (`SessionStream`). */
export interface RequestTarget extends AnswerTarget {
  readonly caller: Caller;
  /** The request is valid: others may ask where it stands and depend on it. */
  openRecord(scheduling: RequestScheduling): void;
}
