import { closeCodes } from './session.js';
import type { Session } from './session.js';
import type { ResolvedWebSocketOptions } from './socket-options.js';
import type { FlowLevel } from './stream-window.js';

export interface SessionCounts {
  readonly connections: number;
  /** Lost connections that may still be resumed. */
  readonly detached: number;
  readonly max_connections: number;
  readonly streams: number;
  /** Streams by level. */
  readonly levels: Readonly<Record<FlowLevel, number>>;
}

/** The sessions of one server: at most so many, and every slot comes back when its session ends. */
export class SessionPool {
  readonly options: ResolvedWebSocketOptions;
  readonly #byToken = new Map<string, Session>();

  constructor(options: ResolvedWebSocketOptions) {
    this.options = options;
  }

  get isFull(): boolean {
    return this.#byToken.size >= this.options.maxConnections;
  }

  add(session: Session): void {
    this.#byToken.set(session.resumeToken, session);
  }

  /** Idempotent. */
  delete(session: Session): void {
    this.#byToken.delete(session.resumeToken);
  }

  find(resumeToken: string): Session | undefined {
    return this.#byToken.get(resumeToken);
  }

  counts(): SessionCounts {
    const levels = { healthy: 0, moderate: 0, critical: 0 };
    let [connections, streams] = [0, 0];
    for (const session of this.#byToken.values()) {
      if (session.isAttached) connections++;
      streams += session.streams.size;
      for (const stream of session.streams.values()) levels[stream.level]++;
    }
    const { size } = this.#byToken;
    return {
      connections,
      detached: size - connections,
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

  #end(session: Session): void {
    session.end(closeCodes.goingAway, 'the server is shutting down');
  }
}
