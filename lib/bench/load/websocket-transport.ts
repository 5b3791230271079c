/**
 * Inferno's `/ws/stream` (docs/websocket.md): many answers on one connection. A new connection is opened when all have as
 * many streams as they may, so the number of users on a connection is a part of the load.
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Connection, type ConnectionUser } from './connection.js';
import { AnswerFault } from './http-answer.js';
import { readChunk, requestBody, usageFields, usageOf, type OpenAiTarget } from './openai-stream.js';
import { addressOf, type ServerAddress, type ServerTarget } from './server-address.js';
import type { AnswerObserver, LoadRequest, OpenRequest, RequestFailure, Transport } from './transport.js';
import { clientFrame, FrameReader, opcodes, type FrameUser } from './websocket-frames.js';

export interface WebSocketTarget extends ServerTarget, OpenAiTarget {
  /** Default 16; the server allows 64 unless it was told otherwise. */
  readonly streamsPerConnection?: number;
}

const defaultStreams = 16;
const protocol = 'inferno.v1';
const headLimit = 16 * 1024;
/** What every server appends to the key, by RFC 6455. */
const handshakeSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const serverMessage = z.object({
  type: z.string(),
  id: z.string().optional(),
  status: z.number().optional(),
  data: z.unknown().optional(),
  usage: usageFields.optional(),
  error: z.object({ message: z.string() }).optional(),
});
type ServerMessage = z.infer<typeof serverMessage>;

class SocketStream implements OpenRequest {
  readonly #connection: SocketConnection;
  readonly #observer: AnswerObserver;
  readonly id: string;
  #hasBytes = false;
  #hasText = false;

  constructor(connection: SocketConnection, id: string, observer: AnswerObserver) {
    this.#connection = connection;
    this.#observer = observer;
    this.id = id;
  }

  /** True when it was the last message of this stream. */
  onMessage({ type, status, data, usage, error }: ServerMessage, at: number): boolean {
    if (!this.#hasBytes) this.#observer.onFirstByte(at);
    this.#hasBytes = true;
    if (type === 'error') {
      const message = error?.message ?? 'an error without words';
      // Before any text it is what HTTP would have answered with a status.
      const isRefusal = !this.#hasText && status !== undefined;
      this.end(at, status ?? 0, { kind: isRefusal ? 'http' : 'server', message });
      return true;
    }
    if (type === 'done') {
      if (usage !== undefined) this.#observer.onUsage(usageOf(usage));
      this.end(at, 200, undefined);
      return true;
    }
    if (type === 'chat_chunk' || type === 'completion_chunk') {
      const news = readChunk(data);
      if (news === undefined) {
        this.end(at, 200, { kind: 'protocol', message: 'A chunk is none of an OpenAI stream.' });
        return true;
      }
      if (news.hasText) {
        this.#hasText = true;
        this.#observer.onText(at);
      }
    }
    return false;
  }

  end(at: number, status: number, failure: RequestFailure | undefined): void {
    this.#observer.onEnd(at, status, failure);
  }

  cancel(): void {
    this.#connection.cancel(this.id);
  }
}

class SocketConnection implements ConnectionUser, FrameUser {
  readonly #connection: Connection;
  readonly #streams = new Map<string, SocketStream>();
  readonly #frames = new FrameReader(this);
  readonly #accept: string;
  /** Frames for when the handshake is done; then undefined. */
  #waiting: Buffer[] | undefined = [];
  #head = '';
  #isOpen = true;
  #ids = 0;

  constructor(address: ServerAddress) {
    const { host, port, hostHeader, basePath, authorization } = address;
    const key = randomBytes(16).toString('base64');
    this.#accept = createHash('sha1')
      .update(key + handshakeSuffix)
      .digest('base64');
    this.#connection = new Connection(host, port);
    this.#connection.use(
      this,
      `GET ${basePath}/ws/stream HTTP/1.1\r\nHost: ${hostHeader}\r\n${authorization}Upgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
        `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get streams(): number {
    return this.#streams.size;
  }

  start(type: string, body: string, observer: AnswerObserver): OpenRequest {
    const stream = new SocketStream(this, `r${String(++this.#ids)}`, observer);
    this.#streams.set(stream.id, stream);
    observer.onSent(performance.now());
    this.#send(opcodes.text, Buffer.from(`{"type":"${type}","id":"${stream.id}","data":${body}}`));
    return stream;
  }

  /** The place on the connection is free when the server has said so too, but nobody waits for that. */
  cancel(id: string): void {
    if (!this.#streams.delete(id) || !this.#isOpen) return;
    this.#send(opcodes.text, Buffer.from(JSON.stringify({ type: 'cancel', id })));
  }

  /** A close frame, so that the server does not wait for the client's return. */
  close(): void {
    if (this.#isOpen) this.#send(opcodes.close, Buffer.from([0x03, 0xe8]));
    this.#isOpen = false;
    this.#connection.endAfterWriting();
  }

  onBytes(bytes: Buffer, at: number): void {
    try {
      const rest = this.#waiting === undefined ? bytes : this.#readHandshake(bytes);
      if (rest !== undefined) this.#frames.push(rest, at);
    } catch (error) {
      if (!(error instanceof AnswerFault)) throw error;
      this.#fail({ kind: 'protocol', message: error.message });
    }
  }

  onClosed(error: Error | undefined): void {
    const kind = this.#connection.isConnected ? 'closed' : 'connect';
    this.#fail({ kind, message: error?.message ?? 'The server closed the connection.' });
  }

  onPing(payload: Buffer): void {
    this.#send(opcodes.pong, payload);
  }

  onClose(code: number): void {
    this.#fail({ kind: 'closed', message: `The server closed the connection with ${String(code)}.` });
  }

  onText(text: string, at: number): void {
    let message;
    try {
      message = serverMessage.safeParse(JSON.parse(text));
    } catch {
      throw new AnswerFault(`not a message: ${text.slice(0, 200)}`);
    }
    if (!message.success) throw new AnswerFault(`not a message: ${text.slice(0, 200)}`);
    const { id, type, error } = message.data;
    // Without an id it is about the connection; only an error matters here.
    if (id === undefined && type === 'error') throw new AnswerFault(error?.message ?? text.slice(0, 200));
    const stream = id === undefined ? undefined : this.#streams.get(id);
    if (stream?.onMessage(message.data, at) === true) this.#streams.delete(stream.id);
  }

  #send(opcode: number, payload: Buffer): void {
    const frame = clientFrame(opcode, payload);
    if (this.#waiting === undefined) this.#connection.write(frame);
    else this.#waiting.push(frame);
  }

  /** What follows the head; undefined while it is not complete. */
  #readHandshake(bytes: Buffer): Buffer | undefined {
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0 && this.#head.length > headLimit) throw new AnswerFault('the head is too long');
    if (end < 0) return undefined;
    const head = this.#head.slice(0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/u.exec(head)?.[1] ?? 0);
    if (status !== 101) {
      this.#fail({ kind: 'http', message: `The server does not open WebSockets: ${this.#head.slice(0, 500)}` }, status);
      return undefined;
    }
    if (/^sec-websocket-accept: *(\S+)/imu.exec(head)?.[1] !== this.#accept) {
      throw new AnswerFault('the server does not speak WebSocket');
    }
    const rest = Buffer.from(this.#head.slice(end + 4), 'latin1');
    this.#head = '';
    for (const frame of this.#waiting ?? []) this.#connection.write(frame);
    this.#waiting = undefined;
    return rest;
  }

  #fail(failure: RequestFailure, status = 0): void {
    this.#isOpen = false;
    this.#connection.destroy();
    const at = performance.now();
    for (const stream of this.#streams.values()) stream.end(at, status, failure);
    this.#streams.clear();
  }
}

export class WebSocketTransport implements Transport {
  readonly name = 'websocket';
  readonly #target: WebSocketTarget;
  readonly #address: ServerAddress;
  #connections: SocketConnection[] = [];

  /** Throws TypeError for a URL that is none, or not of HTTP. */
  constructor(target: WebSocketTarget) {
    this.#target = target;
    this.#address = addressOf(target);
  }

  send(request: LoadRequest, observer: AnswerObserver): OpenRequest {
    const { streamsPerConnection = defaultStreams, api } = this.#target;
    this.#connections = this.#connections.filter(({ isOpen }) => isOpen);
    let connection = this.#connections.find(({ streams }) => streams < streamsPerConnection);
    if (connection === undefined) {
      connection = new SocketConnection(this.#address);
      this.#connections.push(connection);
    }
    const type = api === 'chat' ? 'chat_request' : 'completion_request';
    return connection.start(type, requestBody(this.#target, request), observer);
  }

  close(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }
}
