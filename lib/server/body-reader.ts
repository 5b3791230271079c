import type { HttpResponse } from 'uWebSockets.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { Exchange } from './exchange.js';
import type { SocketActivity } from './socket-activity.js';

/** A body over the limit is still read up to this many times the limit, so that the client gets to see the 413. */
const discardFactor = 16;

const nothing = Buffer.alloc(0);

function tooLarge(limit: number): ErrorReply {
  return errorReply('body_too_large', `The body is larger than the limit of ${String(limit)} bytes.`);
}

/**
 * Refuses a request before its body is read. Where the rest of the body is short enough it is taken and thrown away:
 * closing a socket under a client that is still sending makes it lose the answer.
 */
export function refuseUnread(exchange: Exchange, res: HttpResponse, reply: ErrorReply, contentLength: number): void {
  const discards = contentLength <= exchange.context.limits.maxBodyBytes * discardFactor;
  if (discards && contentLength > 0) {
    res.onData(() => {
      // Thrown away.
    });
  }
  exchange.sendError(reply, !discards);
}

/** The refusal of a body whose declared length is over the limit. */
export function declaredTooLarge(exchange: Exchange, contentLength: number): ErrorReply | undefined {
  const { maxBodyBytes } = exchange.context.limits;
  return contentLength > maxBodyBytes ? tooLarge(maxBodyBytes) : undefined;
}

export interface ExpectedBody {
  /** Within the limit; 0 when it was not said. */
  readonly declaredLength: number;
  /** Looks at the bytes as they come; a refusal is answered at once. */
  readonly inspect?: (bytes: Buffer) => ErrorReply | undefined;
}

/**
 * Reads one request body within the limits of size and time. `onBytes` is called at most once, inside the read: the bytes are
 * good until it returns.
 */
export class BodyReader implements SocketActivity {
  readonly #exchange: Exchange;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #expected: ExpectedBody;
  /** What is kept of the body so far, and room for more. */
  #body: Buffer = nothing;
  #keptBytes = 0;
  /** What has come of it. */
  #size = 0;
  #done = false;

  /** REQUIRES: the exchange is registered. */
  constructor(exchange: Exchange, res: HttpResponse, expected: ExpectedBody, onBytes: (bytes: Buffer) => void) {
    this.#exchange = exchange;
    this.#expected = expected;
    this.#onBytes = onBytes;
    exchange.setActivity(this);
    res.onData((chunk, isLast) => {
      if (!this.#done) this.#take(chunk, isLast);
    });
  }

  sweep(now: number): void {
    const { bodyTimeoutMs } = this.#exchange.context.limits;
    if (now - this.#exchange.startedMs > bodyTimeoutMs) {
      const seconds = String(bodyTimeoutMs / 1000);
      this.#refuse(errorReply('request_timeout', `The body did not arrive within ${seconds} seconds.`), true);
    } else {
      this.#exchange.postponeTimeout(now);
    }
  }

  shutDown(reply: ErrorReply): void {
    this.#refuse(reply, true);
  }

  /** Gives back what was counted. */
  release(): void {
    this.#done = true;
    this.#forget();
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    const { maxBodyBytes, maxBodyBytesTotal } = this.#exchange.context.limits;
    this.#size += chunk.byteLength;
    if (this.#size > maxBodyBytes) {
      this.#forget();
      const hopeless = this.#size > maxBodyBytes * discardFactor;
      if (isLast || hopeless) this.#refuse(tooLarge(maxBodyBytes), hopeless && !isLast);
      return;
    }
    const refusal = this.#expected.inspect?.(Buffer.from(chunk));
    if (refusal !== undefined) {
      // The rest of what was declared is thrown away as it comes.
      this.#refuse(refusal, !isLast && this.#expected.declaredLength === 0);
      return;
    }
    if (isLast) {
      this.#finish(chunk);
      return;
    }
    const { exchanges } = this.#exchange.context;
    if (exchanges.bodyBytes + chunk.byteLength > maxBodyBytesTotal) {
      this.#refuse(errorReply('queue_full', 'The server is receiving too many large requests at once.'), true);
      return;
    }
    this.#keep(chunk);
  }

  /**
   * uWebSockets.js takes its buffer back when this returns, so a part is copied, to where there is room for as much again:
   * joining all parts at the end would delay the answer, and room for all that is declared would be room for nothing.
   */
  #keep(chunk: ArrayBuffer): void {
    const end = this.#keptBytes + chunk.byteLength;
    if (end > this.#body.length) {
      const { declaredLength } = this.#expected;
      const room = declaredLength < end ? 2 * end : Math.min(2 * end, declaredLength);
      const larger = Buffer.allocUnsafeSlow(room);
      this.#body.copy(larger, 0, 0, this.#keptBytes);
      this.#body = larger;
    }
    this.#body.set(new Uint8Array(chunk), this.#keptBytes);
    this.#keptBytes = end;
    this.#exchange.context.exchanges.bodyBytes += chunk.byteLength;
  }

  #finish(last: ArrayBuffer): void {
    let body: Buffer = Buffer.from(last);
    if (this.#keptBytes > 0) {
      this.#keep(last);
      body = this.#body.subarray(0, this.#keptBytes);
    }
    this.release();
    this.#exchange.setActivity(undefined);
    this.#onBytes(body);
  }

  #refuse(reply: ErrorReply, closeConnection: boolean): void {
    this.release();
    this.#exchange.sendError(reply, closeConnection);
  }

  #forget(): void {
    this.#exchange.context.exchanges.bodyBytes -= this.#keptBytes;
    this.#keptBytes = 0;
    this.#body = nothing;
  }
}
