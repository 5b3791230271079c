/** How requests reach a server. One implementation for each protocol; who measures does not know which. */

export interface LoadRequest {
  readonly prompt: string;
  /** Of the answer. */
  readonly maxTokens: number;
  /** Further fields of the request, such as `priority`; they win over the transport's own. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Leave, as a user does, when this many pieces of the answer have come; 0: as soon as the request is sent. */
  readonly cancelAfterPieces?: number;
}

/** What came of a request. `server`: an error in mid-stream. `incomplete`: the stream ended without saying why. */
export type FailureKind =
  | 'connect'
  | 'closed'
  | 'timeout'
  | 'http'
  | 'protocol'
  | 'server'
  | 'incomplete'
  /** Too many were open, or the run was over. */
  | 'not sent';

export interface RequestFailure {
  readonly kind: FailureKind;
  readonly message: string;
}

export interface Usage {
  readonly promptTokens: number;
  /** Of the prompt; undefined from a server that does not say. */
  readonly cachedTokens: number | undefined;
  readonly completionTokens: number;
}

/** Times are those of `performance.now()`. */
export interface AnswerObserver {
  /** The request was handed to the operating system, or the connection for it was asked for. */
  onSent(at: number): void;
  onFirstByte(at: number): void;
  /** A piece of text. */
  onText(at: number): void;
  onUsage(usage: Usage): void;
  /** Exactly once, and last. `status` is HTTP's, 0 when none came. */
  onEnd(at: number, status: number, failure: RequestFailure | undefined): void;
}

export interface OpenRequest {
  /** Disconnects. Nothing is observed any more. */
  cancel(): void;
}

export interface Transport {
  readonly name: string;
  send(request: LoadRequest, observer: AnswerObserver): OpenRequest;
  /** Closes idle connections. REQUIRES: no request is open. */
  close(): void;
}
