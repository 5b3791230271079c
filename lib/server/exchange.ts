import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { eventFraming } from './answer-format.js';
import type { RequestTarget } from './answer-target.js';
import { acceptedEncodings } from './compression/accept-encoding.js';
import type { AcceptedEncodings, Encoding } from './compression/accept-encoding.js';
import { streamEncoder } from './compression/stream-encoder.js';
import { compressWhole, leastBytes } from './compression/whole-body.js';
import { callerOf } from './caller.js';
import type { Caller } from './caller.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import { EventStream } from './event-stream.js';
import type { ExchangeWork } from './exchange-work.js';
import { framesFor } from './frame-batching.js';
import type { FrameBatching } from './frame-batching.js';
import { RequestRecorder } from '../profile/request-recorder.js';
import { LargeReply } from './large-reply.js';
import { inferenceErrorJson } from './inference/error-json.js';
import { messagesErrorJson } from './messages/error-json.js';
import { isProfiled } from './metrics/profiled-routes.js';
import { requestIdFrom } from './request-id.js';
import type { RequestRecord } from './request-ledger.js';
import type { RequestTrace } from '../tracing/request-trace.js';
import type { RequestScheduling } from './request-scheduling.js';
import type { ServerContext } from './server-context.js';
import type { ResolvedLimits } from './server-limits.js';
import type { ActivityOwner, Header, SocketActivity } from './socket-activity.js';
import { statusLine } from './status-line.js';

/** uWebSockets.js closes sockets of its own accord after about 10 s; this is shorter, so that we decide. */
const rearmMs = 3500;
/** Caches must not give a compressed answer to others. */
export const varies: Header = ['vary', 'accept-encoding'];
/** What nginx logs for a client that closed its connection before it was answered. */
const clientLeft = 499;
const uncompressed: AcceptedEncodings = { best: undefined, identity: true };
/** Anthropic's clients read errors of another shape. */
const messagesPath = '/v1/messages';
/** … and those of the Open Inference Protocol of a third one. */
const inferencePath = /^\/v2(?:\/|$)/u;
/** The version of the API that OpenAI's servers name, and that the answers here follow. */
const openaiVersion = '2020-10-01';
/** Bodies above this are written piece by piece as the client takes them. */
const largeBytes = 64 * 1024;

/**
 * One HTTP request from its headers to the last byte of its answer. It owns the `HttpResponse`: nobody touches that
 * after `isOpen` is false. However it ends (answered, aborted, dropped), it leaves the registry exactly once and its
 * work is cancelled exactly once unless it had ended by itself.
 */
export class Exchange implements ActivityOwner, RequestTarget {
  readonly requestId: string;
  readonly caller: Caller;
  /** Its Accept header. */
  readonly accept: string;
  /** Of a client that comes back for the rest of a stream; empty when there is none. */
  readonly lastEventId: string;
  readonly startedMs = performance.now();
  readonly framing = eventFraming;
  readonly frames: FrameBatching | undefined;
  readonly recorder: RequestRecorder | undefined;
  readonly trace: RequestTrace | undefined;
  readonly #context: ServerContext;
  readonly #res: HttpResponse;
  readonly #headOnly: boolean;
  readonly #isInference: boolean;
  readonly #route: string;
  readonly #method: string;
  readonly #corsHeaders: readonly Header[];
  readonly #encodings: AcceptedEncodings;
  #isOpen = true;
  #isRegistered = false;
  #work: ExchangeWork | undefined;
  #activity: SocketActivity | undefined;
  #rearmedMs = 0;
  /** Of the answer; the client's own leaving has one, too. */
  #status = clientLeft;
  #errorCode: string | undefined;
  #answerHeaders: readonly Header[] = [];
  #record: RequestRecord | undefined;
  #carries: 'nothing' | 'another' | 'itself' = 'nothing';

  /** `req` is read here and not kept: uWebSockets.js recycles it when the handler returns. */
  constructor(context: ServerContext, res: HttpResponse, req: HttpRequest, route: string) {
    this.#context = context;
    this.frames = framesFor(context.tokenBatching, undefined);
    this.#route = route;
    this.#method = req.getCaseSensitiveMethod();
    this.recorder = context.meter !== undefined && isProfiled(this.#method, route) ? new RequestRecorder() : undefined;
    this.#res = res;
    this.#headOnly = this.#method === 'HEAD';
    this.#isInference = inferencePath.test(req.getUrl());
    this.#encodings = context.compression ? acceptedEncodings(req.getHeader('accept-encoding')) : uncompressed;
    this.requestId = requestIdFrom(req.getHeader('x-request-id'));
    this.caller = callerOf(req, context.keys);
    this.accept = req.getHeader('accept');
    this.lastEventId = req.getHeader('last-event-id');
    this.#corsHeaders = context.cors.enabled ? context.cors.headersFor(req.getHeader('origin')) : [];
    this.trace = context.tracing?.beginRequest(req, route, this.requestId);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isCarrier(): boolean {
    return this.#carries !== 'nothing';
  }

  get context(): ServerContext {
    return this.#context;
  }

  get owner(): string {
    return this.#context.keys.ownerOf(this.caller.key);
  }

  get limits(): ResolvedLimits {
    return this.#context.limits;
  }

  /** Keeps the exchange past its handler: registers it and watches for the client's leaving. */
  register(): void {
    this.#isRegistered = true;
    this.#context.exchanges.add(this);
    this.#res.onAborted(() => {
      this.#status = clientLeft;
      this.finish();
    });
  }

  /** How others see this request, once it was found to be valid. */
  get record(): RequestRecord | undefined {
    return this.#record;
  }

  /** The request is valid: others may ask where it stands and depend on it. Unless it is done when this closes, it failed. */
  openRecord(scheduling: RequestScheduling): void {
    this.#record = this.#context.ledger.open(this.requestId, scheduling, this.trace?.spanContext);
  }

  /** REQUIRES: registered. */
  setWork(work: ExchangeWork): void {
    this.#work = work;
  }

  /** It carries a request that came before it. */
  becomeCarrier(): void {
    this.#carries = 'another';
  }

  /** What it asks for may outlive it: whoever answers that measures and traces it from here on. */
  handOver(): { readonly method: string; readonly route: string; readonly trace: RequestTrace | undefined } {
    this.#carries = 'itself';
    return { method: this.#method, route: this.#route, trace: this.trace };
  }

  setActivity(activity: SocketActivity | undefined): void {
    this.#activity = activity;
  }

  setHeaders(headers: readonly Header[]): void {
    this.#answerHeaders = headers;
  }

  pauseWork(): void {
    this.#work?.pause();
  }

  resumeWork(): void {
    this.#work?.resume();
  }

  writeHead(status: number, contentType: string, headers: readonly Header[]): void {
    const res = this.#res;
    this.#status = status;
    res.writeStatus(statusLine(status));
    res.writeHeader('content-type', contentType);
    res.writeHeader('x-request-id', this.requestId);
    res.writeHeader('openai-version', openaiVersion);
    // uWebSockets.js closes idle connections after 8 to 12 s; clients that know stop reusing them in time.
    res.writeHeader('keep-alive', 'timeout=7');
    this.#writeTrace();
    for (const [name, value] of this.#corsHeaders) res.writeHeader(name, value);
    for (const [name, value] of this.#answerHeaders) res.writeHeader(name, value);
    for (const [name, value] of headers) res.writeHeader(name, value);
  }

  sendJson(status: number, json: string, headers: readonly Header[] = []): void {
    if (!this.#isOpen) return;
    const { best, identity } = this.#encodings;
    const isSmall = json.length < leastBytes && identity;
    if (best === undefined || isSmall || !this.#isRegistered || this.#headOnly) {
      this.#sendBody(status, json, headers);
      return;
    }
    compressWhole(json, best, (bytes) => {
      if (!this.#isOpen) return;
      if (bytes === undefined) this.#sendBody(status, json, headers);
      else this.#sendBody(status, bytes, [...headers, ['content-encoding', best], varies]);
    });
  }

  /** Something that is no text, or bytes that were compressed before; `headers` say how. */
  sendBytes(status: number, contentType: string, bytes: Buffer, headers: readonly Header[]): void {
    if (this.#isOpen) this.#sendBody(status, bytes, headers, contentType);
  }

  /** `closeConnection` for requests whose remaining bytes are not worth reading. */
  sendError(reply: ErrorReply, closeConnection = false): void {
    if (!this.#isOpen) return;
    this.noteError(reply);
    const headers: Header[] = [this.processingHeader()];
    if (reply.status === 426) headers.push(['upgrade', 'websocket'], ['sec-websocket-version', '13']);
    if (reply.status === 401) headers.push(['www-authenticate', 'Bearer']);
    if (reply.status === 429 || reply.status === 503)
      headers.push(['retry-after', String(reply.retryAfterSeconds ?? 1)]);
    this.#send(reply.status, this.#errorJson(reply), headers, closeConnection || this.#context.exchanges.closing);
  }

  /** The encoding that the client likes best; undefined for none. */
  get encoding(): Encoding | undefined {
    return this.#encodings.best;
  }

  /** Something that is no JSON. */
  sendText(status: number, contentType: string, text: string): void {
    if (!this.#isOpen) return;
    this.#send(status, text, [], this.#context.exchanges.closing, contentType);
  }

  sendEmpty(status: number, headers: readonly Header[]): void {
    if (!this.#isOpen) return;
    this.#status = status;
    this.#res.cork(() => {
      this.#res.writeStatus(statusLine(status));
      this.#writeTrace();
      for (const [name, value] of [...this.#corsHeaders, ...headers]) this.#res.writeHeader(name, value);
      this.#res.endWithoutBody();
    });
    this.finish();
  }

  sendMethodNotAllowed(reply: ErrorReply, allow: string): void {
    if (!this.#isOpen) return;
    this.noteError(reply);
    this.#send(reply.status, this.#errorJson(reply), [['allow', allow]], this.#context.exchanges.closing);
  }

  /** Why a client that takes nothing that we can send gets no answer. */
  get encodingRefusal(): ErrorReply | undefined {
    const { best, identity } = this.#encodings;
    if (best !== undefined || identity) return undefined;
    return errorReply('not_acceptable', 'Expected an Accept-Encoding that takes zstd, br, gzip, deflate or identity.');
  }

  /** REQUIRES: registered, nothing sent yet. */
  openStream(): EventStream {
    const { best } = this.#encodings;
    const compression =
      best === undefined
        ? undefined
        : { encoder: streamEncoder(best), headers: [['content-encoding', best], varies] as const };
    const stream = new EventStream(this, this.#res, compression);
    this.#activity = stream;
    return stream;
  }

  processingHeader(): Header {
    return ['openai-processing-ms', String(Math.round(performance.now() - this.startedMs))];
  }

  finish(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const [work, activity] = [this.#work, this.#activity];
    this.#work = undefined;
    this.#activity = undefined;
    activity?.release?.();
    // Does nothing to work that has ended by itself.
    work?.cancel();
    this.#record?.settle('failed');
    if (this.#carries !== 'itself') {
      this.#measure();
      this.trace?.finish(this.#status, this.#errorCode);
    }
    if (this.#isRegistered) this.#context.exchanges.delete(this);
  }

  drop(): void {
    if (!this.#isOpen) return;
    this.#status = clientLeft;
    this.finish();
    this.#res.close();
  }

  /** The answer is this error, or ends with it. */
  noteError(reply: ErrorReply): void {
    this.#errorCode = reply.code;
  }

  #measure(): void {
    const { requestId, startedMs, recorder } = this;
    const facts = { requestId, startedMs, recorder, traceId: this.trace?.traceId };
    const [method, route, status, errorCode] = [this.#method, this.#route, this.#status, this.#errorCode];
    this.#context.meter?.ended({ ...facts, method, route, status, errorCode });
  }

  shutDown(): void {
    const reply = errorReply('shutting_down', 'The server is shutting down.');
    if (this.#activity === undefined) this.sendError(reply, true);
    else this.#activity.shutDown(reply);
  }

  sweep(now: number): void {
    this.#activity?.sweep(now);
    this.#work?.sweep?.(now);
  }

  /**
   * Restarts uWebSockets.js's own timeout of about 10 s, which would end a slow upload or a stalled stream before our
   * limits do: resuming a paused socket does that and nothing else.
   */
  postponeTimeout(now: number): void {
    if (!this.#isOpen || now - this.#rearmedMs < rearmMs) return;
    this.#rearmedMs = now;
    this.#res.pause();
    this.#res.resume();
  }

  /** In the shape that clients of this route read. */
  #errorJson(reply: ErrorReply): string {
    if (this.#isInference) return inferenceErrorJson(reply);
    return this.#route.startsWith(messagesPath) ? messagesErrorJson(reply, this.requestId) : reply.json;
  }

  /** REQUIRES: corked, the status line is written. */
  #writeTrace(): void {
    const traceparent = this.trace?.traceparent;
    if (traceparent !== undefined) this.#res.writeHeader('traceparent', traceparent);
  }

  #sendBody(status: number, body: string | Buffer, headers: readonly Header[], contentType = 'application/json'): void {
    if (body.length > largeBytes && this.#isRegistered && !this.#headOnly) {
      this.#activity = new LargeReply(this, this.#res, Buffer.from(body), () => {
        this.writeHead(status, contentType, headers);
      });
      return;
    }
    this.#send(status, body, headers, this.#context.exchanges.closing, contentType);
  }

  #send(
    status: number,
    body: string | Buffer,
    headers: readonly Header[],
    closeConnection: boolean,
    contentType = 'application/json',
  ): void {
    const res = this.#res;
    res.cork(() => {
      this.writeHead(status, contentType, headers);
      if (this.#headOnly) {
        // Given the length as its argument, `endWithoutBody` of this uWebSockets.js leaves the response open.
        res.writeHeader('content-length', String(Buffer.byteLength(body)));
        res.endWithoutBody();
      } else {
        res.end(body, closeConnection);
      }
    });
    this.finish();
  }
}
