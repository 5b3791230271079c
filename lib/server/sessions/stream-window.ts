/** One message of a stream, as it goes over the wire. */
export interface StreamMessage {
  readonly sequence: number;
  readonly frame: string;
  readonly tokens: number;
  readonly bytes: number;
}

export const flowLevels = ['healthy', 'moderate', 'critical'] as const;
export type FlowLevel = (typeof flowLevels)[number];

const moderateFrom = 0.7;
const criticalOver = 0.9;

export interface WindowLimits {
  readonly messages: number;
  readonly tokens: number;
  readonly bytes: number;
}

/**
 * What becomes of messages that were sent: they are forgotten, kept until the client acknowledges them (so that a client
 * that does not fills the window), or kept as long as the limits allow, the oldest going first.
 */
export type Retention = 'none' | 'acknowledged' | 'recent';

/**
 * The messages of one stream that wait to be sent or are kept to be sent again, in order. It counts and never refuses: who
 * fills it looks at `isFull` and pauses what makes the messages.
 */
export class StreamWindow {
  readonly #limits: WindowLimits;
  readonly #messages: StreamMessage[] = [];
  /** Of those, the first that were sent on this connection and are kept. */
  #sent = 0;
  #sentTokens = 0;
  #sentBytes = 0;
  /** The last one that was charged for: a message that is sent again after a resume costs nothing. */
  #charged = 0;
  #tokens = 0;
  #bytes = 0;
  #unacknowledged = 0;
  #gone = 0;
  #last = 0;
  retention: Retention;

  constructor(limits: WindowLimits, retention: Retention) {
    this.#limits = limits;
    this.retention = retention;
  }

  /** A lost connection can be made good. */
  get keeps(): boolean {
    return this.retention !== 'none';
  }

  /** Everything was sent and, with acknowledgements, acknowledged. */
  get isDelivered(): boolean {
    return this.retention === 'recent' ? this.next === undefined : this.#messages.length === 0;
  }

  /** Of the messages it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  get pendingMessages(): number {
    return this.#messages.length;
  }

  /** Of messages that were sent, on this connection or one before. */
  get unacknowledgedTokens(): number {
    return this.#unacknowledged;
  }

  /** Something was sent on this connection and is not acknowledged. */
  get awaitsAck(): boolean {
    return this.retention === 'acknowledged' && this.#sent > 0;
  }

  /** The number of the last message that was made. */
  get lastSequence(): number {
    return this.#last;
  }

  /** Everything up to this number has gone from here. */
  get goneUpTo(): number {
    return this.#gone;
  }

  /** The highest number that a client can have seen. */
  get seenUpTo(): number {
    return this.#charged;
  }

  /** The next one to send. */
  get next(): StreamMessage | undefined {
    return this.#messages[this.#sent];
  }

  isCharged({ sequence }: StreamMessage): boolean {
    return sequence <= this.#charged;
  }

  /** What may be forgotten when room is needed does not fill it. */
  get fill(): number {
    const { messages, tokens, bytes } = this.#limits;
    const [sent, sentTokens, sentBytes] =
      this.retention === 'recent' ? [this.#sent, this.#sentTokens, this.#sentBytes] : [0, 0, 0];
    const waiting = this.#messages.length - sent;
    return Math.max(waiting / messages, (this.#tokens - sentTokens) / tokens, (this.#bytes - sentBytes) / bytes);
  }

  get isFull(): boolean {
    return this.fill >= 1;
  }

  get level(): FlowLevel {
    const { fill } = this;
    if (fill > criticalOver) return 'critical';
    return fill >= moderateFrom ? 'moderate' : 'healthy';
  }

  push(message: StreamMessage): void {
    this.#messages.push(message);
    this.#last = message.sequence;
    this.#tokens += message.tokens;
    this.#bytes += message.bytes;
    this.#makeRoom();
  }

  /** `next` has been sent. */
  markSent(): void {
    const message = this.#messages[this.#sent];
    if (message === undefined) return;
    if (message.sequence > this.#charged) {
      this.#charged = message.sequence;
      if (this.retention === 'acknowledged') this.#unacknowledged += message.tokens;
    }
    if (!this.keeps) {
      this.#forgetFirst(0);
      return;
    }
    this.#sent++;
    this.#sentTokens += message.tokens;
    this.#sentBytes += message.bytes;
    this.#makeRoom();
  }

  /** Forgets what was sent up to `sequence`. */
  acknowledge(sequence: number): void {
    while (this.#sent > 0 && (this.#messages[0]?.sequence ?? Infinity) <= sequence) {
      this.#forgetSent(this.#messages[0]?.tokens ?? 0);
    }
  }

  /** The connection is gone or another one: what was sent after `sequence` is to be sent again. */
  rewind(sequence: number): void {
    const seen = Math.min(sequence, this.#charged);
    const acknowledges = this.retention === 'acknowledged';
    while ((this.#messages[0]?.sequence ?? Infinity) <= seen) {
      this.#forgetFirst(acknowledges ? (this.#messages[0]?.tokens ?? 0) : 0);
    }
    this.#sent = this.#sentTokens = this.#sentBytes = 0;
  }

  clear(): void {
    this.#messages.length = 0;
    this.#sent = this.#sentTokens = this.#sentBytes = 0;
    this.#tokens = this.#bytes = this.#unacknowledged = 0;
  }

  #makeRoom(): void {
    if (this.retention !== 'recent') return;
    const { messages, tokens, bytes } = this.#limits;
    while (this.#sent > 0 && (this.#messages.length > messages || this.#tokens > tokens || this.#bytes > bytes)) {
      this.#forgetSent(0);
    }
  }

  #forgetSent(unacknowledgedTokens: number): void {
    const [message] = this.#messages;
    this.#forgetFirst(unacknowledgedTokens);
    this.#sent--;
    this.#sentTokens -= message?.tokens ?? 0;
    this.#sentBytes -= message?.bytes ?? 0;
  }

  #forgetFirst(unacknowledgedTokens: number): void {
    const message = this.#messages.shift();
    if (message === undefined) return;
    this.#gone = message.sequence;
    this.#tokens -= message.tokens;
    this.#bytes -= message.bytes;
    this.#unacknowledged -= unacknowledgedTokens;
  }
}
