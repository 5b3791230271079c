import type { HttpResponse } from 'uWebSockets.js';
import type { AnswerStream } from './answer-target.js';
import type { StreamEncoder } from './compression/stream-encoder.js';
import type { ErrorReply } from './error-response.js';
import type { ActivityOwner, Header, SocketActivity } from './socket-activity.js';

/** How a stream is compressed, and the headers that say so. */
export interface StreamCompression {
  readonly encoder: StreamEncoder;
  readonly headers: readonly Header[];
}

/** A comment line: clients skip it. uWebSockets.js drains what it holds back only when something is written. */
const comment = ':\n\n';

/**
 * The answer as server-sent events: one corked write per call, made by functions that are created once per stream.
 *
 * Back-pressure: a write that the socket does not take pauses this exchange's sequences and holds what still comes
 * here, up to `maxBufferedBytes`; `onWritable` sends it and resumes them. A client that takes nothing for
 * `stallTimeoutMs` is dropped.
 */
export class EventStream implements AnswerStream, SocketActivity {
  readonly #exchange: ActivityOwner;
  readonly #res: HttpResponse;
  readonly #compression: StreamCompression | undefined;
  #chunk: string | Uint8Array = '';
  #headSent = false;
  #accepted = true;
  #held = '';
  #heldBytes = 0;
  #blockedSince: number | undefined;
  #ending = false;
  #wroteSinceSweep = true;
  #silentSince = 0;
  #failure = (reply: ErrorReply): string => `data: ${reply.json}\n\n`;

  constructor(exchange: ActivityOwner, res: HttpResponse, compression?: StreamCompression) {
    this.#exchange = exchange;
    this.#res = res;
    this.#compression = compression;
    res.onWritable(() => {
      if (exchange.isOpen && this.#headSent) this.#drain();
      return true;
    });
  }

  /** True once the status line is out: errors from here on are events. */
  get hasStarted(): boolean {
    return this.#headSent;
  }

  /** Complete events. Called once per wake of the stream. */
  write(events: string): void {
    if (!this.#exchange.isOpen || this.#ending) return;
    if (this.#blockedSince !== undefined) {
      this.#hold(events);
      return;
    }
    this.#push(events, this.#blockUnlessAccepted);
  }

  /** The last events. The connection stays usable for the client's next request. */
  end(events: string): void {
    if (!this.#exchange.isOpen || this.#ending) return;
    if (this.#blockedSince !== undefined) {
      this.#ending = true;
      this.#hold(events);
      return;
    }
    if (this.#compression === undefined) {
      this.#writeLast(events);
      return;
    }
    this.#ending = true;
    this.#compression.encoder.end(events, (bytes) => {
      if (this.#exchange.isOpen) this.#writeLast(bytes);
    });
  }

  writeErrorsWith(failure: (reply: ErrorReply) => string): void {
    this.#failure = failure;
  }

  release(): void {
    this.#compression?.encoder.destroy();
  }

  /** An error: the whole answer when nothing was sent, otherwise an event, after which the stream ends without [DONE]. */
  fail(reply: ErrorReply): void {
    this.#exchange.noteError(reply);
    if (this.#headSent) this.end(this.#failure(reply));
    else this.#exchange.sendError(reply);
  }

  sweep(now: number): void {
    const { stallTimeoutMs, heartbeatMs } = this.#exchange.limits;
    if (this.#blockedSince !== undefined) {
      if (now - this.#blockedSince > stallTimeoutMs) this.#exchange.drop();
      else this.#exchange.postponeTimeout(now);
    } else if (this.#wroteSinceSweep) {
      this.#wroteSinceSweep = false;
      this.#silentSince = now;
    } else if (heartbeatMs > 0 && now - this.#silentSince > heartbeatMs) {
      this.write(comment);
    }
  }

  shutDown(reply: ErrorReply): void {
    // A client that is not reading would not read this either.
    if (this.#blockedSince !== undefined) this.#exchange.drop();
    else this.fail(reply);
  }

  readonly #send = (): void => {
    if (!this.#headSent) this.#writeHead();
    this.#accepted = this.#res.write(this.#chunk);
  };

  readonly #sendLast = (): void => {
    this.#send();
    // No close flag here: uWebSockets.js would write a `Connection` header into the middle of the body.
    this.#res.end();
  };

  /** Calls `written` when the events are with uWebSockets.js: at once, or when they are compressed. */
  #push(events: string, written: () => void): void {
    this.#wroteSinceSweep = true;
    if (this.#compression === undefined) {
      this.#writePiece(events);
      written();
      return;
    }
    this.#compression.encoder.write(events, (bytes) => {
      if (!this.#exchange.isOpen) return;
      if (bytes.length > 0) this.#writePiece(bytes);
      written();
    });
  }

  readonly #blockUnlessAccepted = (): void => {
    if (!this.#accepted && this.#blockedSince === undefined) this.#block();
  };

  #writePiece(piece: string | Uint8Array): void {
    this.#chunk = piece;
    this.#res.cork(this.#send);
  }

  #writeLast(piece: string | Uint8Array): void {
    this.#chunk = piece;
    this.#res.cork(this.#sendLast);
    this.#exchange.finish();
  }

  #writeHead(): void {
    this.#headSent = true;
    this.#exchange.writeHead(200, 'text/event-stream', [
      ['cache-control', 'no-cache'],
      ['x-accel-buffering', 'no'],
      this.#exchange.processingHeader(),
      ...(this.#compression?.headers ?? []),
    ]);
  }

  #block(): void {
    this.#blockedSince = performance.now();
    this.#exchange.pauseWork();
  }

  #hold(events: string): void {
    this.#held += events;
    this.#heldBytes += Buffer.byteLength(events);
    if (this.#heldBytes > this.#exchange.limits.maxBufferedBytes) this.#exchange.drop();
  }

  /** The socket took something. `accepted` is true only if everything before this write is with the kernel. */
  #drain(): void {
    const events = this.#held || comment;
    this.#held = '';
    this.#heldBytes = 0;
    this.#push(events, this.#unblockIfAccepted);
  }

  readonly #unblockIfAccepted = (): void => {
    if (!this.#accepted) {
      if (this.#blockedSince === undefined) this.#exchange.pauseWork();
      this.#blockedSince = performance.now();
      return;
    }
    if (this.#blockedSince === undefined) return;
    this.#blockedSince = undefined;
    if (this.#ending) {
      this.#ending = false;
      this.end('');
    } else {
      this.#exchange.resumeWork();
    }
  };
}
