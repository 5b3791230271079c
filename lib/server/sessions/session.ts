import type { Caller } from '../caller.js';
import { randomSuffix } from '../request-id.js';
import type { ServerContext } from '../server-context.js';
import { closeCodes } from './close-codes.js';
import { Credit } from './credit.js';
import type { SessionMember } from './session-member.js';
import type { SessionOptions } from './session-options.js';
import type { SessionPool } from './session-pool.js';
import type { SessionProtocol } from './session-protocol.js';
import { flowLevels } from './stream-window.js';
import type { FlowLevel } from './stream-window.js';

/** A connection as a session uses it. All methods do nothing once it is closed. */
export interface SessionSocket {
  /** Handed over and not with the kernel yet. */
  readonly bufferedBytes: number;
  /** One message each, in one write. */
  send(messages: readonly string[]): void;
  end(code: number, reason: string): void;
  /** Closes the connection under a client that does not do its part. */
  terminate(): void;
}

/** Bytes handed over that the kernel did not take, at which streams hold back what they have. */
const highWater = 64 * 1024;

/**
 * What a client has on this server: its streams, its credit, and the socket over which it is talked to now, if there is
 * one. A session outlives a lost socket for a while when it has streams whose messages are kept.
 *
 * What is sent within one turn of the event loop goes out in one write, at its end.
 */
export class Session {
  readonly id = `conn_${randomSuffix()}`;
  readonly resumeToken = `resume_${randomSuffix()}`;
  readonly credit = new Credit();
  readonly context: ServerContext;
  readonly options: SessionOptions;
  readonly pool: SessionPool<Session>;
  readonly protocol: SessionProtocol;
  readonly caller: Caller;
  /** With which it was opened, for who has no key. */
  readonly ticket: string | undefined;
  readonly #streams = new Map<string, SessionMember>();
  #socket: SessionSocket | undefined;
  #outgoing: string[] = [];
  #outgoingLength = 0;
  #isFlushing = false;
  /** Some stream has messages, or could have some, that the socket was too full for. */
  #isWanted = false;
  /** Since when the socket takes nothing. */
  #blockedMs: number | undefined;
  #sentMs = 0;
  #turn = 0;
  #grace: NodeJS.Timeout | undefined;

  constructor(
    context: ServerContext,
    pool: SessionPool<Session>,
    protocol: SessionProtocol,
    caller: Caller,
    ticket?: string,
  ) {
    this.context = context;
    this.options = pool.options;
    this.protocol = protocol;
    this.caller = caller;
    this.ticket = ticket;
    this.pool = pool;
    pool.add(this);
  }

  get isAttached(): boolean {
    return this.#socket !== undefined;
  }

  /** Its connection was lost or has ended, and it may be resumed. */
  get isAwaited(): boolean {
    return this.#grace !== undefined;
  }

  /** Streams may send. */
  get isWritable(): boolean {
    return this.#socket !== undefined && this.#blockedMs === undefined && this.#outgoingLength < highWater;
  }

  get streams(): ReadonlyMap<string, SessionMember> {
    return this.#streams;
  }

  /** Of the stream that is worst off. */
  get level(): FlowLevel {
    let worst = 0;
    for (const stream of this.#streams.values()) worst = Math.max(worst, flowLevels.indexOf(stream.level));
    return flowLevels[worst] ?? 'healthy';
  }

  addStream(stream: SessionMember): void {
    this.#streams.set(stream.id, stream);
  }

  deleteStream(stream: SessionMember): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#streams.delete(stream.id);
    if (this.#streams.size > 0) return;
    if (this.protocol.endsWithStream) this.end(closeCodes.normal, 'the stream has ended');
    else if (!this.isAttached) this.#dispose();
  }

  /** Everything of the stream was sent. `bytes`: of what it keeps, should it be asked for again. */
  delivered(stream: SessionMember, bytes: number): void {
    const { resumeGraceMs } = this.options;
    if (!this.protocol.endsWithStream || bytes === 0 || resumeGraceMs === 0 || this.context.exchanges.closing) {
      this.deleteStream(stream);
      return;
    }
    const socket = this.#flushLast();
    this.#await(resumeGraceMs);
    this.pool.retain(this, bytes);
    socket?.end(closeCodes.normal, 'the stream has ended');
  }

  /** The first socket of this session. */
  open(socket: SessionSocket): void {
    this.#socket = socket;
    this.send(this.protocol.greeting(this));
  }

  /** Goes on over another socket. `seen`: by stream, the number of the last message that the client has. */
  resume(socket: SessionSocket, seen: ReadonlyMap<string, number>): void {
    this.#stopWaiting();
    const older = this.#socket;
    if (older !== undefined) {
      this.#drop();
      older.end(closeCodes.resumedElsewhere, 'resumed on another connection');
      for (const stream of [...this.#streams.values()]) stream.detach(true);
    }
    this.#socket = socket;
    const known = [...this.#streams.values()];
    const unknown = [...seen.keys()].filter((id) => !this.#streams.has(id));
    for (const stream of known) stream.resumeAfter(seen.get(stream.id));
    const resumed = [...this.#streams.values()].map(({ id, lastSequence }) => ({ id, last_sequence: lastSequence }));
    this.send(this.protocol.resumed(this, resumed));
    for (const id of unknown) this.send(this.protocol.unknownStream(id));
    this.pumpAll();
  }

  /** Hands its socket to another session; REQUIRES: no streams. */
  release(): SessionSocket | undefined {
    const socket = this.#flushLast();
    this.#dispose();
    return socket;
  }

  /** That socket has closed. */
  detach(socket: SessionSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#drop();
    const graceMs = this.options.resumeGraceMs;
    const isAwaited = code === closeCodes.abnormal && graceMs > 0 && !this.context.exchanges.closing;
    for (const stream of [...this.#streams.values()]) stream.detach(isAwaited);
    if (this.#streams.size === 0) this.#dispose();
    else this.#await(graceMs);
  }

  /** One message; it goes out at the end of this turn of the event loop, whether or not the socket is full. */
  send(message: string): void {
    if (this.#socket === undefined) return;
    this.#outgoing.push(message);
    this.#outgoingLength += message.length;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(this.#flushTurn);
  }

  /** A stream wants to go on as soon as there is room. */
  wantsMore(): void {
    this.#isWanted = true;
  }

  /** The socket took something. */
  drained(socket: SessionSocket): void {
    if (socket !== this.#socket || this.#blockedMs === undefined) return;
    if (socket.bufferedBytes > highWater / 4) {
      this.#blockedMs = performance.now();
      return;
    }
    this.#blockedMs = undefined;
    this.pumpAll();
  }

  /** Lets every stream send, each time beginning with another one, since the first may take all the room. */
  pumpAll(): void {
    this.#isWanted = false;
    const streams = [...this.#streams.values()];
    const first = this.#turn++ % Math.max(1, streams.length);
    for (const stream of [...streams.slice(first), ...streams.slice(0, first)]) stream.pump();
  }

  /** Called for each of its streams; what it does depends on the time only. */
  sweep(now: number): void {
    const { heartbeatMs, stallTimeoutMs } = this.context.limits;
    if (this.#blockedMs !== undefined) {
      if (now - this.#blockedMs > stallTimeoutMs) this.#socket?.terminate();
    } else if (heartbeatMs > 0 && now - this.#sentMs > heartbeatMs) {
      const message = this.protocol.heartbeat(this.#streams.size);
      if (message !== undefined) this.send(message);
      this.#sentMs = now;
    }
  }

  /** A client that sends and sends and does not read the answers. */
  get isFlooding(): boolean {
    const { maxBodyBytes, maxBufferedBytes } = this.context.limits;
    return (this.#socket?.bufferedBytes ?? 0) > maxBodyBytes + maxBufferedBytes;
  }

  /** Closes it for good, with what was sent before. */
  end(code: number, reason: string): void {
    const socket = this.#flushLast();
    this.#abandonAll();
    socket?.end(code, reason);
  }

  readonly #abandonAll = (): void => {
    for (const stream of [...this.#streams.values()]) stream.abandon();
    this.#dispose();
  };

  readonly #flushTurn = (): void => {
    this.#isFlushing = false;
    this.#flush();
    if (this.#isWanted && this.isWritable) this.pumpAll();
  };

  #flush(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#outgoing.length === 0) return;
    const messages = this.#outgoing;
    this.#outgoing = [];
    this.#outgoingLength = 0;
    this.#sentMs = performance.now();
    socket.send(messages);
    if (this.#blockedMs !== undefined || socket.bufferedBytes <= highWater) return;
    this.#blockedMs = this.#sentMs;
    // All of them, not only those that have something now: the room is shared.
    this.pumpAll();
  }

  /** Sends what is left and forgets the socket. */
  #flushLast(): SessionSocket | undefined {
    const [socket, messages] = [this.#socket, this.#outgoing];
    this.#drop();
    if (messages.length > 0) socket?.send(messages);
    return socket;
  }

  #await(ms: number): void {
    clearTimeout(this.#grace);
    this.#grace = setTimeout(this.#abandonAll, ms).unref();
  }

  #stopWaiting(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.pool.release(this);
  }

  /** Forgets the socket. */
  #drop(): void {
    this.#socket = undefined;
    this.#outgoing = [];
    this.#outgoingLength = 0;
    this.#blockedMs = undefined;
    this.#isWanted = false;
  }

  #dispose(): void {
    this.#stopWaiting();
    this.pool.delete(this);
  }
}
