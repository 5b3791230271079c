import type { Caller } from '../caller.js';
import { randomSuffix } from '../request-id.js';
import type { EventRequest } from './event-request.js';

/** A checked request that waits for the one who opens its stream. */
export interface PreparedStream {
  readonly request: EventRequest;
  readonly caller: Caller;
}

interface Ticket extends PreparedStream {
  readonly untilMs: number;
  readonly bytes: number;
}

export const ticketSeconds = 60;
const mostTickets = 10_000;
const mostBytes = 64 * 1024 * 1024;

/**
 * Tickets for streams of named events. A browser's EventSource can send neither a key nor a body, and both would be
 * written down everywhere if they stood in its URL; so a page posts its request with its key, and the URL that it gets for it
 * opens that one stream, once, within a minute.
 */
export class EventTickets {
  /** The oldest first; all live equally long. */
  readonly #tickets = new Map<string, Ticket>();
  #bytes = 0;

  /** `bytes`: of the request's body. Undefined while there are too many. */
  issue(prepared: PreparedStream, bytes: number): string | undefined {
    const now = performance.now();
    this.#forgetOld(now);
    if (this.#tickets.size >= mostTickets || this.#bytes + bytes > mostBytes) return undefined;
    const name = `ticket_${randomSuffix()}`;
    this.#tickets.set(name, { ...prepared, bytes, untilMs: now + ticketSeconds * 1000 });
    this.#bytes += bytes;
    return name;
  }

  /** What the ticket is for, the first time somebody comes with it. */
  take(name: string): PreparedStream | undefined {
    this.#forgetOld(performance.now());
    const ticket = this.#tickets.get(name);
    this.#delete(name);
    return ticket;
  }

  clear(): void {
    this.#tickets.clear();
    this.#bytes = 0;
  }

  #forgetOld(now: number): void {
    for (const [name, { untilMs }] of this.#tickets) {
      if (untilMs > now) return;
      this.#delete(name);
    }
  }

  #delete(name: string): void {
    this.#bytes -= this.#tickets.get(name)?.bytes ?? 0;
    this.#tickets.delete(name);
  }
}
