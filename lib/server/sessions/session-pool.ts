import { closeCodes } from './close-codes.js';
import type { CountedSessions, SessionCounts } from './session-counts.js';
import type { SessionOptions } from './session-options.js';
import type { FlowLevel } from './stream-window.js';

/** What a pool needs of its sessions. */
export interface PooledSession {
  readonly resumeToken: string;
  readonly isAttached: boolean;
  readonly isAwaited: boolean;
  readonly streams: ReadonlyMap<string, { readonly level: FlowLevel }>;
  end(code: number, reason: string): void;
}

/** The sessions of one server: at most so many, and every slot comes back when its session ends. */
export class SessionPool<Session extends PooledSession> implements CountedSessions {
  readonly options: SessionOptions;
  readonly #byToken = new Map<string, Session>();
  /** Bytes of those whose streams were sent to their end, the oldest first. */
  readonly #retained = new Map<Session, number>();
  #retainedBytes = 0;

  constructor(options: SessionOptions) {
    this.options = options;
  }

  /** Those that are only kept in case somebody asks again make room. */
  get isFull(): boolean {
    return this.#byToken.size - this.#retained.size >= this.options.maxConnections;
  }

  add(session: Session): void {
    this.#byToken.set(session.resumeToken, session);
    this.#makeRoom();
  }

  /** Idempotent. */
  delete(session: Session): void {
    this.#byToken.delete(session.resumeToken);
    this.release(session);
  }

  /** Everything of it was sent; it holds so many bytes in case that some of it did not arrive. */
  retain(session: Session, bytes: number): void {
    this.#retained.set(session, bytes);
    this.#retainedBytes += bytes;
    this.#makeRoom();
  }

  /** It is in use again, or gone. Idempotent. */
  release(session: Session): void {
    this.#retainedBytes -= this.#retained.get(session) ?? 0;
    this.#retained.delete(session);
  }

  find(resumeToken: string): Session | undefined {
    return this.#byToken.get(resumeToken);
  }

  counts(): SessionCounts {
    const levels = { healthy: 0, moderate: 0, critical: 0 };
    let [connections, detached, streams] = [0, 0, 0];
    for (const session of this.#byToken.values()) {
      if (session.isAttached) connections++;
      else if (session.isAwaited) detached++;
      if (this.#retained.has(session)) continue;
      streams += session.streams.size;
      for (const stream of session.streams.values()) levels[stream.level]++;
    }
    return {
      connections,
      detached,
      max_connections: this.options.maxConnections,
      streams,
      levels,
    };
  }

  /** Nobody can come back any more: ends what is idle or lost, and leaves running streams alone. */
  beginClose(): void {
    for (const session of [...this.#byToken.values()]) {
      if (!session.isAttached || session.streams.size === 0) this.#end(session);
    }
  }

  closeAll(): void {
    for (const session of [...this.#byToken.values()]) this.#end(session);
  }

  #makeRoom(): void {
    const { maxConnections, maxRetainedBytes } = this.options;
    for (const session of this.#retained.keys()) {
      if (this.#byToken.size <= maxConnections && this.#retainedBytes <= maxRetainedBytes) return;
      this.#end(session);
    }
  }

  #end(session: Session): void {
    session.end(closeCodes.goingAway, 'the server is shutting down');
  }
}
