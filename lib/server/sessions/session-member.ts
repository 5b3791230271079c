import type { ErrorReply } from '../error-response.js';
import type { FlowLevel } from './stream-window.js';

/** A stream of a session, as the session and its client's messages deal with it. */
export interface SessionMember {
  readonly id: string;
  readonly level: FlowLevel;
  readonly lastSequence: number;
  /** Ends it with that error, which the client is told. */
  abort(reply: ErrorReply): void;
  /** Ends it; nobody is told. */
  abandon(): void;
  grant(tokens: number | undefined, bytes: number | undefined): void;
  /** False for what was not sent. */
  acknowledge(sequence: number): boolean;
  /** The connection is gone; `isAwaited`: another one may come. */
  detach(isAwaited: boolean): void;
  /** That message is the last. */
  hasEndedAt(sequence: number): boolean;
  /** What comes after that message is kept. */
  canResumeAfter(sequence: number): boolean;
  resumeAfter(sequence: number | undefined): void;
  /** Sends what it has while there is room. */
  pump(): void;
}
