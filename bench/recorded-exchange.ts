/**
 * One HTTP exchange on a connection of its own. While it runs only bytes and times are kept, so that reading costs the
 * client next to nothing; `readAnswer` makes sense of them afterwards.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TimedChunk } from '../lib/bench/load/http-answer.js';

export interface HttpRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const receiveBytes = 32 * 1024;
/** The last chunk of a chunked body. JSON holds no bare CR, so that nothing else ends like this. */
const lastChunk = Buffer.from('0\r\n\r\n');

function requestText({ path, body }: HttpRequest): string {
  const json = JSON.stringify(body);
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n` +
    `Content-Length: ${String(Buffer.byteLength(json))}\r\n\r\n${json}`
  );
}

export class RecordedExchange {
  readonly chunks: TimedChunk[] = [];
  /** The answer is complete, or the connection is closed. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #sentAt = 0;
  #hasEnded = false;
  #end: () => void = () => undefined;
  #tail: Uint8Array = new Uint8Array();
  /** Bytes of an answer of declared length; undefined when it is chunked or not begun. */
  #missingBytes: number | undefined;
  #waiting: { readonly chunks: number; readonly resolve: () => void } | undefined;

  /** Connecting; `RecordedExchange.connect` waits until it is. */
  constructor(port: number) {
    this.ended = new Promise((resolve) => {
      this.#end = () => {
        this.#hasEnded = true;
        this.#waiting?.resolve();
        resolve();
      };
    });
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(receiveBytes),
        callback: (length, buffer) => {
          this.#receive(performance.now(), Buffer.from(buffer.subarray(0, length)));
          return true;
        },
      },
    });
    this.#socket.on('error', this.#end).on('close', this.#end);
  }

  static async connect(port: number): Promise<RecordedExchange> {
    const exchange = new RecordedExchange(port);
    await once(exchange.#socket, 'connect');
    return exchange;
  }

  get sentAt(): number {
    return this.#sentAt;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  send(request: HttpRequest): void {
    this.#sentAt = performance.now();
    this.#socket.write(requestText(request));
  }

  /** This many pieces came, or it ended before. At most one caller at a time. */
  async received(chunks: number): Promise<void> {
    if (this.chunks.length >= chunks || this.#hasEnded) return;
    await new Promise<void>((resolve) => {
      this.#waiting = { chunks, resolve };
    });
  }

  /** Closes the connection, whatever the server is doing. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(at: number, bytes: Buffer): void {
    if (this.chunks.length === 0) this.#readLength(bytes);
    this.chunks.push({ at, bytes });
    if (this.#missingBytes !== undefined) this.#missingBytes -= bytes.length;
    if (this.#waiting !== undefined && this.chunks.length >= this.#waiting.chunks) this.#waiting.resolve();
    if (this.#isComplete(bytes)) {
      this.#end();
      this.#socket.destroy();
    }
  }

  /** Errors come with a length, in one piece with their head. */
  #readLength(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    const length = /^content-length: *(\d+)/imu.exec(text)?.[1];
    const headEnd = text.indexOf('\r\n\r\n');
    if (length !== undefined && headEnd >= 0) this.#missingBytes = headEnd + 4 + Number(length);
  }

  #isComplete(bytes: Buffer): boolean {
    if (this.#missingBytes !== undefined) return this.#missingBytes <= 0;
    const tail = bytes.length >= lastChunk.length ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = tail.subarray(-lastChunk.length);
    return lastChunk.equals(this.#tail);
  }
}
