import type { HttpResponse } from 'uWebSockets.js';
import type { ActivityOwner, SocketActivity } from './socket-activity.js';

/**
 * A whole answer too large to hand over at once: uWebSockets.js takes what the socket takes and asks for the rest, so
 * the exchange stays open, and under our stall timeout, until the last byte is with the kernel.
 */
export class LargeReply implements SocketActivity {
  readonly #exchange: ActivityOwner;
  readonly #res: HttpResponse;
  readonly #body: Buffer;
  #progressMs = performance.now();

  /** `writeHead` runs corked, before the first byte. */
  constructor(exchange: ActivityOwner, res: HttpResponse, body: Buffer, writeHead: () => void) {
    this.#exchange = exchange;
    this.#res = res;
    this.#body = body;
    res.onWritable((offset) => this.#resume(offset));
    res.cork(() => {
      writeHead();
      this.#send(0);
    });
  }

  sweep(now: number): void {
    if (now - this.#progressMs > this.#exchange.limits.stallTimeoutMs) this.#exchange.drop();
    else this.#exchange.postponeTimeout(now);
  }

  /** The length is promised already: a complete answer a moment later beats a cut one now. */
  shutDown(): void {
    this.#exchange.drop();
  }

  #resume(offset: number): boolean {
    if (!this.#exchange.isOpen) return true;
    this.#progressMs = performance.now();
    let complete = false;
    this.#res.cork(() => {
      complete = this.#send(offset);
    });
    return complete;
  }

  #send(offset: number): boolean {
    const [accepted, responded] = this.#res.tryEnd(this.#body.subarray(offset), this.#body.length);
    if (responded) this.#exchange.finish();
    return accepted;
  }
}
