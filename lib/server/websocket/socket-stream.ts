import { lineFraming } from '../answer-format.js';
import type { AnswerEnding, AnswerStream, RequestTarget } from '../answer-target.js';
import type { Caller } from '../caller.js';
import { errorReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import type { ExchangeWork } from '../exchange.js';
import type { RequestRecord } from '../request-ledger.js';
import { RequestRecorder } from '../../profile/request-recorder.js';
import type { RequestScheduling } from '../request-scheduling.js';
import type { ServerContext } from '../server-context.js';
import type { Header } from '../socket-activity.js';
import type { RequestTrace } from '../../tracing/request-trace.js';
import { Credit } from './credit.js';
import { chunkStart, doneMessage, errorMessage, flowMessage, resultMessage } from './server-messages.js';
import type { StreamKind } from './server-messages.js';
import type { Session } from './session.js';
import { StreamWindow } from './stream-window.js';
import type { FlowLevel } from './stream-window.js';

export interface StreamRequest {
  readonly id: string;
  readonly kind: StreamKind;
  readonly caller: Caller;
  /** The client acknowledges, so what was sent is kept until it has. */
  readonly acknowledges: boolean;
  /** As the message carries them; empty for none. */
  readonly traceparent: string;
  readonly tracestate: string;
}

const clientLeft = 499;
/** Requests over WebSockets are counted under it. */
const webSocketRoute = '/ws/stream';

/**
 * One request on a connection, from its message to the last message of its answer, in the place of an HTTP exchange. It
 * holds a slot of its connection until its last message was sent and, with acknowledgements, acknowledged. However it
 * ends, it leaves the connection and the registry exactly once.
 *
 * Its decoder runs while what it makes can be sent: it pauses for a socket that does not drain, for lack of credit, for
 * a full window and while nobody is connected. What was decoded meanwhile stays in the window; nothing is dropped.
 */
export class SocketStream implements RequestTarget, AnswerStream {
  readonly id: string;
  readonly requestId: string;
  readonly caller: Caller;
  readonly startedMs = performance.now();
  readonly context: ServerContext;
  readonly owner: string;
  readonly framing = lineFraming;
  readonly recorder: RequestRecorder | undefined;
  readonly trace: RequestTrace | undefined;
  readonly #session: Session;
  readonly #window: StreamWindow;
  readonly #credit = new Credit();
  readonly #chunkStart: string;
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
  constructor(session: Session, { id, kind, caller, acknowledges, ...sent }: StreamRequest) {
    const { context, options } = session;
    this.id = id;
    this.requestId = `${session.id}:${id}`;
    this.caller = caller;
    this.context = context;
    this.owner = context.keys.ownerOf(session.caller.key);
    const { requestId } = this;
    this.trace = context.tracing?.beginMessage(webSocketRoute, { type: `${kind}_request`, requestId, ...sent });
    this.recorder = context.meter === undefined ? undefined : new RequestRecorder();
    this.#session = session;
    this.#chunkStart = chunkStart(kind, id);
    const limits = {
      messages: options.maxPendingMessages,
      tokens: options.maxUnacknowledgedTokens,
      bytes: context.limits.maxBufferedBytes,
    };
    this.#window = new StreamWindow(limits, acknowledges);
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

  openStream(): AnswerStream {
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
    this.#finish((sequence) => doneMessage(this.id, sequence, ending));
  }

  fail(reply: ErrorReply): void {
    this.sendError(reply);
  }

  sendError(reply: ErrorReply): void {
    this.#noteError(reply);
    this.#finish((sequence) => errorMessage(reply, this.id, sequence));
  }

  sendJson(status: number, json: string): void {
    if (this.#isOpen) this.#status = status;
    this.#finish((sequence) => resultMessage(this.id, sequence, status, json));
  }

  /** Ends it now with an error, unless its end was sent; what was not sent before is left out. */
  abort(reply: ErrorReply): void {
    if (this.#isReleased) return;
    this.#noteError(reply);
    const hasSaidSo = !this.#isOpen && this.#window.next === undefined;
    if (!hasSaidSo) this.#session.send(errorMessage(reply, this.id, ++this.#sequence));
    this.abandon();
  }

  /** Ends it without a word: nobody is there to hear it. */
  abandon(): void {
    this.#window.clear();
    this.#close();
    this.#release();
  }

  grant(tokens: number | undefined, bytes: number | undefined): void {
    this.#credit.grant(tokens, bytes);
    this.pump();
  }

  /** A first one begins acknowledgements: what is sent from here on is kept. False for what was never sent. */
  acknowledge(sequence: number): boolean {
    if (sequence > this.#window.seenUpTo) return false;
    this.#window.keeps = true;
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

  /** There is another connection, whose client has seen everything up to `sequence`; undefined: what it acknowledged. */
  resumeAfter(sequence: number | undefined): void {
    const { goneUpTo, seenUpTo } = this.#window;
    if (sequence !== undefined && (sequence < goneUpTo || sequence > seenUpTo)) {
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
      if (window.keeps && !window.awaitsAck) this.#ackMs = performance.now();
      session.send(message.frame);
      window.markSent();
    }
    this.#regulate();
    if (!this.#isOpen && window.isEmpty) this.#release();
  }

  sweep(now: number): void {
    const { ackTimeoutMs } = this.#session.options;
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
      this.#push(`${this.#chunkStart}${String(sequence)},"data":${parts.slice(from, to)}}`, carried);
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
      session.send(flowMessage(this.id, window));
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
    const facts = { requestId, startedMs, recorder, traceId, method: 'WEBSOCKET', route: webSocketRoute };
    this.context.meter?.ended({ ...facts, status: this.#status, errorCode: this.#errorCode });
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#record?.settle('failed');
    this.#session.deleteStream(this);
    this.context.exchanges.delete(this);
  }
}
