import { lineFraming } from '../answer-format.js';
import type { AnswerEnding, AnswerStream, RequestTarget } from '../answer-target.js';
import type { Caller } from '../caller.js';
import { errorReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import type { ExchangeWork } from '../exchange-work.js';
import type { FrameBatching } from '../frame-batching.js';
import type { RequestRecord } from '../request-ledger.js';
import { RequestRecorder } from '../../profile/request-recorder.js';
import type { RequestScheduling } from '../request-scheduling.js';
import type { ServerContext } from '../server-context.js';
import type { Header } from '../socket-activity.js';
import type { RequestTrace } from '../../tracing/request-trace.js';
import { Credit } from './credit.js';
import type { Session } from './session.js';
import type { SessionMember } from './session-member.js';
import type { StreamKind, StreamMessages } from './session-protocol.js';
import { StreamWindow } from './stream-window.js';
import type { FlowLevel, Retention } from './stream-window.js';

/** A connection that carries nothing until its stream begins. Until then a refusal is an answer of its own. */
export interface StreamOpening {
  open(): void;
  refuse(reply: ErrorReply): void;
  setHeaders(headers: readonly Header[]): void;
}

export interface StreamRequest {
  readonly id: string;
  readonly requestId: string;
  readonly kind: StreamKind;
  readonly caller: Caller;
  /** What becomes of what was sent. */
  readonly retention: Retention;
  /** What it is measured under. */
  readonly method: string;
  readonly route: string;
  readonly trace: RequestTrace | undefined;
  readonly frames: FrameBatching | undefined;
  /** When it arrived; default: now. */
  readonly startedMs?: number;
  /** Undefined: the connection is open. */
  readonly opening?: StreamOpening;
}

const clientLeft = 499;

/**
 * One request on a connection, from its arrival to the last message of its answer, in the place of an HTTP exchange. It
 * holds a slot of its connection until its last message was sent and, with acknowledgements, acknowledged. However it
 * ends, it leaves the connection and the registry exactly once.
 *
 * Its decoder runs while what it makes can be sent: it pauses for a socket that does not drain, for lack of credit, for
 * a full window and while nobody is connected. What was decoded meanwhile stays in the window; nothing is dropped.
 */
export class SessionStream implements RequestTarget, AnswerStream, SessionMember {
  readonly id: string;
  readonly requestId: string;
  readonly caller: Caller;
  readonly startedMs: number;
  readonly context: ServerContext;
  readonly owner: string;
  readonly framing = lineFraming;
  readonly frames: FrameBatching | undefined;
  readonly recorder: RequestRecorder | undefined;
  readonly trace: RequestTrace | undefined;
  readonly #session: Session;
  readonly #window: StreamWindow;
  readonly #credit = new Credit();
  readonly #messages: StreamMessages;
  readonly #method: string;
  readonly #route: string;
  #opening: StreamOpening | undefined;
  #work: ExchangeWork | undefined;
  #record: RequestRecord | undefined;
  #sequence = 0;
  #isOpen = true;
  #isReleased = false;
  /** As an answer over HTTP would have it. */
  #status = clientLeft;
  #errorCode: string | undefined;
  #isPaused = false;
  #toldLevel: FlowLevel = 'healthy';
  /** When the client last acknowledged, or the first message after that was sent. */
  #ackMs = 0;

  /** Registers itself: REQUIRES a free slot of the session, and no stream of it with this id. */
  constructor(session: Session, request: StreamRequest) {
    const { context, options } = session;
    const { id, kind, caller, retention } = request;
    this.id = id;
    this.requestId = request.requestId;
    this.startedMs = request.startedMs ?? performance.now();
    this.caller = caller;
    this.context = context;
    this.owner = context.keys.ownerOf(session.caller.key);
    this.trace = request.trace;
    this.frames = request.frames;
    this.recorder = context.meter === undefined ? undefined : new RequestRecorder();
    this.#session = session;
    this.#messages = session.protocol.forStream(session, kind, id);
    this.#method = request.method;
    this.#route = request.route;
    this.#opening = request.opening;
    const limits = {
      messages: options.maxPendingMessages,
      tokens: options.maxUnacknowledgedTokens,
      bytes: context.limits.maxBufferedBytes,
    };
    this.#window = new StreamWindow(limits, retention);
    session.addStream(this);
    context.exchanges.add(this);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get record(): RequestRecord | undefined {
    return this.#record;
  }

  get level(): FlowLevel {
    return this.#window.level;
  }

  get lastSequence(): number {
    return this.#sequence;
  }

  get hasStarted(): boolean {
    return this.#sequence > 0;
  }

  openRecord(scheduling: RequestScheduling): void {
    this.#record = this.context.ledger.open(this.requestId, scheduling, this.trace?.spanContext);
  }

  setWork(work: ExchangeWork): void {
    this.#work = work;
    // It runs; should it not, what it makes next pauses it.
    this.#isPaused = false;
  }

  setHeaders(headers: readonly Header[]): void {
    this.#opening?.setHeaders(headers);
  }

  openStream(): AnswerStream {
    this.#open();
    return this;
  }

  processingHeader(): Header {
    return ['openai-processing-ms', String(Math.round(performance.now() - this.startedMs))];
  }

  write(parts: string, tokens: number): void {
    if (!this.#isOpen) return;
    this.#pushChunks(parts, tokens);
    this.pump();
  }

  end(parts: string, tokens: number, ending: AnswerEnding): void {
    if (!this.#isOpen) return;
    this.#pushChunks(parts, tokens);
    this.#status = 200;
    this.#finish((sequence) => this.#messages.done(sequence, ending));
  }

  fail(reply: ErrorReply): void {
    this.sendError(reply);
  }

  sendError(reply: ErrorReply): void {
    this.#noteError(reply);
    if (this.#opening === undefined) this.#finish((sequence) => this.#messages.error(sequence, reply));
    else this.#refuse(reply);
  }

  sendJson(status: number, json: string): void {
    if (!this.#isOpen) return;
    this.#status = status;
    this.#open();
    this.#finish((sequence) => this.#messages.result(sequence, status, json));
  }

  /** Ends it now with an error, unless its end was sent; what was not sent before is left out. */
  abort(reply: ErrorReply): void {
    if (this.#isReleased) return;
    this.#noteError(reply);
    if (this.#opening !== undefined) {
      this.#refuse(reply);
      return;
    }
    const hasSaidSo = !this.#isOpen && this.#window.next === undefined;
    if (!hasSaidSo) this.#session.send(this.#messages.error(++this.#sequence, reply));
    this.abandon();
  }

  /** Ends it without a word: nobody is there to hear it. */
  abandon(): void {
    this.#window.clear();
    this.#close();
    this.#release();
    this.#session.deleteStream(this);
  }

  grant(tokens: number | undefined, bytes: number | undefined): void {
    this.#credit.grant(tokens, bytes);
    this.pump();
  }

  /** A first one begins acknowledgements: what is sent from here on is kept. False for what was never sent. */
  acknowledge(sequence: number): boolean {
    if (sequence > this.#window.seenUpTo) return false;
    this.#window.retention = 'acknowledged';
    this.#window.acknowledge(sequence);
    this.#ackMs = performance.now();
    this.pump();
    return true;
  }

  /** The connection is lost. `isAwaited`: it may be resumed. */
  detach(isAwaited: boolean): void {
    if (!isAwaited || !this.#window.keeps) {
      this.abandon();
      return;
    }
    this.#window.rewind(0);
    this.#regulate();
  }

  /** The client has seen the end of it. */
  hasEndedAt(sequence: number): boolean {
    return !this.#isOpen && sequence === this.#sequence;
  }

  /** What comes after this message is all here. */
  canResumeAfter(sequence: number): boolean {
    return sequence >= this.#window.goneUpTo && sequence <= this.#window.seenUpTo;
  }

  /** There is another connection, whose client has seen everything up to `sequence`; undefined: what it acknowledged. */
  resumeAfter(sequence: number | undefined): void {
    const { goneUpTo, seenUpTo } = this.#window;
    if (sequence !== undefined && !this.canResumeAfter(sequence)) {
      const range = `a number from ${String(goneUpTo)} to ${String(seenUpTo)}`;
      const message = `Expected ${range} for last_sequence but received ${String(sequence)}.`;
      this.abort(errorReply('invalid_argument', message, 'last_sequence'));
      return;
    }
    this.#window.rewind(sequence ?? goneUpTo);
  }

  /** Sends what may be sent, then lets the decoder run or wait. */
  pump(): void {
    const window = this.#window;
    const session = this.#session;
    for (let message = window.next; message !== undefined; message = window.next) {
      if (!session.isWritable) {
        session.wantsMore();
        break;
      }
      if (!window.isCharged(message)) {
        const { tokens, bytes } = message;
        if (!this.#credit.allows(tokens) || !session.credit.allows(tokens)) break;
        this.#credit.charge(tokens, bytes);
        session.credit.charge(tokens, bytes);
      }
      if (!window.awaitsAck) this.#ackMs = performance.now();
      session.send(message.frame);
      window.markSent();
    }
    this.#regulate();
    if (this.#isOpen || !window.isDelivered) return;
    this.#release();
    session.delivered(this, window.bytes);
  }

  sweep(now: number): void {
    const { ackTimeoutMs } = this.context.limits;
    this.#work?.sweep?.(now);
    if (this.#session.isAttached && this.#window.awaitsAck && now - this.#ackMs > ackTimeoutMs) {
      const message = `Nothing was acknowledged for ${String(ackTimeoutMs / 1000)} seconds.`;
      this.abort(errorReply('ack_timeout', message));
      return;
    }
    this.#session.sweep(now);
  }

  shutDown(): void {
    this.abort(errorReply('shutting_down', 'The server is shutting down.'));
  }

  #open(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.open();
  }

  #refuse(reply: ErrorReply): void {
    const opening = this.#opening;
    this.#opening = undefined;
    this.abandon();
    opening?.refuse(reply);
  }

  #noteError({ status, code }: ErrorReply): void {
    if (!this.#isOpen) return;
    this.#status = status;
    this.#errorCode = code;
  }

  #pushChunks(parts: string, tokens: number): void {
    let from = 0;
    // The first one carries the tokens of all: the others of a wake belong to them.
    let carried = tokens;
    for (let to = parts.indexOf('\n'); to !== -1; to = parts.indexOf('\n', from)) {
      const sequence = ++this.#sequence;
      this.#push(this.#messages.chunk(sequence, parts.slice(from, to)), carried);
      carried = 0;
      from = to + 1;
    }
  }

  #push(frame: string, tokens: number): void {
    this.#window.push({ sequence: this.#sequence, frame, tokens, bytes: Buffer.byteLength(frame) });
  }

  /** The last message. */
  #finish(messageFor: (sequence: number) => string): void {
    if (!this.#isOpen) return;
    this.#push(messageFor(++this.#sequence), 0);
    this.#close();
    this.pump();
  }

  #regulate(): void {
    const window = this.#window;
    const session = this.#session;
    if (session.isWritable && window.level !== this.#toldLevel) {
      this.#toldLevel = window.level;
      const message = this.#messages.flow(window);
      if (message !== undefined) session.send(message);
    }
    if (!this.#isOpen) return;
    if (!session.isWritable) session.wantsMore();
    // One that waits for room goes on when there is some more of it, not at every acknowledgement.
    const hasRoom = this.#isPaused ? window.level !== 'critical' : !window.isFull;
    const hasCredit = this.#credit.isLeft && session.credit.isLeft;
    const mayRun = hasRoom && hasCredit && session.isWritable && window.next === undefined;
    if (mayRun === !this.#isPaused) return;
    this.#isPaused = !mayRun;
    if (mayRun) this.#work?.resume();
    else this.#work?.pause();
  }

  #close(): void {
    if (this.#isOpen) this.#measure();
    this.trace?.finish(this.#status, this.#errorCode);
    this.#isOpen = false;
    const work = this.#work;
    this.#work = undefined;
    // Does nothing to work that has ended by itself.
    work?.cancel();
  }

  #measure(): void {
    const { requestId, startedMs, recorder } = this;
    const traceId = this.trace?.traceId;
    const facts = { requestId, startedMs, recorder, traceId, method: this.#method, route: this.#route };
    this.context.meter?.ended({ ...facts, status: this.#status, errorCode: this.#errorCode });
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#record?.settle('failed');
    this.context.exchanges.delete(this);
  }
}
