/**
 * OpenAI-compatible servers over HTTP/1.1 with server-sent events. Written on bare sockets: it parses only what it
 * measures, so that the client is not what is measured.
 */
import { AnswerFault, AnswerReader } from './http-answer.js';
import { Connection, type ConnectionUser } from './connection.js';
import { paths, readEvent, requestBody, type OpenAiTarget } from './openai-stream.js';
import { addressOf, type ServerAddress, type ServerTarget } from './server-address.js';
import type { AnswerObserver, FailureKind, LoadRequest, OpenRequest, RequestFailure, Transport } from './transport.js';

export type HttpTarget = ServerTarget & OpenAiTarget;

/** Of a refusal, what is worth repeating. */
const bodyLimit = 2000;
/** Idle connections that are kept for later requests. */
const idleLimit = 1024;

class HttpExchange implements ConnectionUser, OpenRequest {
  readonly #transport: HttpTransport;
  readonly #observer: AnswerObserver;
  readonly #text: string;
  readonly #reader: AnswerReader;
  #connection: Connection;
  #hasBytes = false;
  #hasFinished = false;
  #hasEvents = false;
  #failure: RequestFailure | undefined;

  constructor(transport: HttpTransport, connection: Connection, text: string, observer: AnswerObserver) {
    this.#transport = transport;
    this.#connection = connection;
    this.#text = text;
    this.#observer = observer;
    this.#reader = new AnswerReader({
      bodyLimit,
      onEvent: (data, at) => {
        this.#onEvent(data, at);
      },
    });
    observer.onSent(performance.now());
    connection.use(this, text);
  }

  onBytes(bytes: Buffer, at: number): void {
    if (!this.#hasBytes) this.#observer.onFirstByte(at);
    this.#hasBytes = true;
    try {
      this.#reader.push(bytes, at);
    } catch (error) {
      if (!(error instanceof AnswerFault)) throw error;
      this.#connection.destroy();
      this.#end(at, { kind: 'protocol', message: error.message });
      return;
    }
    if (!this.#reader.isComplete) return;
    if (this.#reader.keepsAlive) this.#transport.giveBack(this.#connection);
    else this.#connection.destroy();
    this.#end(at, this.#fault());
  }

  onClosed(error: Error | undefined): void {
    // The server closed an idle connection at the moment it was taken: this says nothing about the request.
    if (!this.#hasBytes && this.#connection.isReused) {
      this.#connection = this.#transport.freshConnection();
      this.#connection.use(this, this.#text);
      return;
    }
    const at = performance.now();
    if (error === undefined && this.#reader.endsByClosing) {
      this.#end(at, this.#fault());
      return;
    }
    const kind: FailureKind = this.#connection.isConnected ? 'closed' : 'connect';
    const message = error?.message ?? 'The server closed the connection before the answer was complete.';
    this.#end(at, this.#failure ?? { kind, message });
  }

  cancel(): void {
    this.#connection.destroy();
  }

  #onEvent(data: string, at: number): void {
    if (this.#reader.status !== 200) return;
    this.#hasEvents = true;
    const { hasText, hasFinished, usage, failure } = readEvent(data);
    if (usage !== undefined) this.#observer.onUsage(usage);
    this.#failure ??= failure;
    this.#hasFinished ||= hasFinished;
    if (hasText) this.#observer.onText(at);
  }

  /** What is wrong with an answer that came completely. */
  #fault(): RequestFailure | undefined {
    const { status, body } = this.#reader;
    if (status !== 200) return { kind: 'http', message: `HTTP ${String(status)}: ${body}` };
    if (this.#failure !== undefined) return this.#failure;
    if (!this.#hasEvents) return { kind: 'protocol', message: `The answer is not a stream: ${body.slice(0, 200)}` };
    if (!this.#hasFinished) return { kind: 'incomplete', message: 'The stream ended without a finish reason.' };
    return undefined;
  }

  #end(at: number, failure: RequestFailure | undefined): void {
    this.#observer.onEnd(at, this.#reader.status, failure);
  }
}

export class HttpTransport implements Transport {
  readonly name = 'http';
  readonly #target: HttpTarget;
  readonly #address: ServerAddress;
  readonly #head: string;
  readonly #idle: Connection[] = [];

  /** Throws TypeError for a URL that is none, or not of HTTP. */
  constructor(target: HttpTarget) {
    this.#target = target;
    this.#address = addressOf(target);
    const { hostHeader, basePath, authorization } = this.#address;
    this.#head =
      `POST ${basePath}${paths[target.api]} HTTP/1.1\r\nHost: ${hostHeader}\r\n${authorization}` +
      'Content-Type: application/json\r\nAccept: text/event-stream\r\n';
  }

  send(request: LoadRequest, observer: AnswerObserver): OpenRequest {
    const body = requestBody(this.#target, request);
    const text = `${this.#head}Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;
    return new HttpExchange(this, this.#idleConnection() ?? this.freshConnection(), text, observer);
  }

  freshConnection(): Connection {
    return new Connection(this.#address.host, this.#address.port);
  }

  giveBack(connection: Connection): void {
    connection.release();
    if (this.#idle.length < idleLimit && connection.isOpen) this.#idle.push(connection);
    else connection.destroy();
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** The one used last: it is the least likely to have been closed. */
  #idleConnection(): Connection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isOpen) return connection;
    }
    return undefined;
  }
}
