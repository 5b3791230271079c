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

/** Sessions of one kind, for who only looks at them. */
export interface CountedSessions {
  counts(): SessionCounts;
}
