import type { EventStream } from '../event-stream.js';
import type { ExchangeWork } from '../exchange-work.js';
import type { Exchange } from '../exchange.js';
import { closeCodes } from '../sessions/close-codes.js';
import type { Session, SessionSocket } from '../sessions/session.js';
import type { SocketActivity } from '../socket-activity.js';

/**
 * An HTTP exchange as the socket of a session: what the session sends goes out as one write of events, and what happens
 * to the exchange happens to the session's connection.
 */
export class EventCarrier implements SessionSocket, SocketActivity, ExchangeWork {
  readonly #exchange: Exchange;
  readonly #session: Session;
  readonly #unopened: () => void;
  #stream: EventStream | undefined;
  #isBlocked = false;

  /** `unopened`: the client left before anything was sent to it. REQUIRES: the exchange is registered, nothing sent. */
  constructor(exchange: Exchange, session: Session, unopened: () => void) {
    this.#exchange = exchange;
    this.#session = session;
    this.#unopened = unopened;
    exchange.setWork(this);
  }

  /** From here on the answer is a stream. */
  open(): void {
    if (!this.#exchange.isOpen) return;
    this.#stream = this.#exchange.openStream();
    this.#exchange.setActivity(this);
  }

  get bufferedBytes(): number {
    return this.#isBlocked ? Infinity : 0;
  }

  send(events: readonly string[]): void {
    this.#stream?.write(events.join(''));
  }

  /** An event stream has no close codes. */
  end(): void {
    if (this.#stream === undefined) this.#exchange.drop();
    else this.#stream.end('');
  }

  terminate(): void {
    this.#exchange.drop();
  }

  /** The client takes nothing at the moment. */
  pause(): void {
    this.#isBlocked = true;
  }

  resume(): void {
    this.#isBlocked = false;
    this.#session.drained(this);
  }

  /** The exchange has closed. */
  cancel(): void {
    if (this.#stream === undefined) this.#unopened();
    else this.#session.detach(this, closeCodes.abnormal);
  }

  sweep(now: number): void {
    this.#stream?.sweep(now);
  }

  /** The stream says so by itself, where it can be heard. */
  shutDown(): void {
    if (this.#isBlocked) this.#exchange.drop();
  }

  release(): void {
    this.#stream?.release();
  }
}
