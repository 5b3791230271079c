import type { AnswerEnding } from '../answer-target.js';
import type { ErrorReply } from '../error-response.js';
import type { SessionOptions } from './session-options.js';
import type { StreamWindow } from './stream-window.js';

export type StreamKind = 'chat' | 'completion';

/** The texts of one stream's messages. What is the same in all of them is built once. */
export interface StreamMessages {
  chunk(sequence: number, json: string): string;
  done(sequence: number, ending: AnswerEnding): string;
  /** An answer that is not streamed. */
  result(sequence: number, status: number, json: string): string;
  /** The stream ends so. */
  error(sequence: number, reply: ErrorReply): string;
  /** The level of its window has changed; undefined where clients are not told. */
  flow(window: StreamWindow): string | undefined;
}

/** What clients are told of their session. */
export interface SessionNames {
  readonly id: string;
  readonly resumeToken: string;
  readonly options: SessionOptions;
}

/** How one kind of client is spoken to. */
export interface SessionProtocol {
  /** A session has one stream, and its connection ends with that. */
  readonly endsWithStream: boolean;
  greeting(session: SessionNames): string;
  /** What a resumed session goes on with: by stream, the number of its last message. */
  resumed(session: SessionNames, streams: readonly { readonly id: string; readonly last_sequence: number }[]): string;
  unknownStream(id: string): string;
  /** Nothing was sent for a while; undefined where the connection says so by itself. */
  heartbeat(activeStreams: number): string | undefined;
  forStream(session: SessionNames, kind: StreamKind, id: string): StreamMessages;
}
