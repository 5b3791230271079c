/** One TCP connection that may be used again and again; it belongs to one user at a time. */
import { connect, type Socket } from 'node:net';

/** Enough for several events; every connection has its own, because the kernel may write into it at any time. */
const receiveBytes = 16 * 1024;

export interface ConnectionUser {
  /** The bytes are only there during the call. */
  onBytes(bytes: Buffer, at: number): void;
  /** The connection is of no use any more; the error says why, if it knows. */
  onClosed(error: Error | undefined): void;
}

export class Connection {
  readonly #socket: Socket;
  #user: ConnectionUser | undefined;
  #isOpen = true;
  #isConnected = false;
  #exchanges = 0;
  #error: Error | undefined;

  /** Connecting; what is written meanwhile waits. */
  constructor(host: string, port: number) {
    const callback = (length: number, buffer: Uint8Array): boolean => {
      const at = performance.now();
      // Read before this returns, so no copy is needed.
      this.#user?.onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, length), at);
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafeSlow(receiveBytes), callback };
    this.#socket = connect({ host, port, noDelay: true, onread });
    this.#socket
      .on('connect', () => (this.#isConnected = true))
      .on('error', (error) => (this.#error = error))
      // Half open is of no use here: the server will not answer.
      .on('end', () => this.#socket.destroy())
      .on('close', () => {
        this.#isOpen = false;
        this.#user?.onClosed(this.#error);
      });
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#socket.destroyed;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** It has carried an exchange before, so that the server may have closed it meanwhile. */
  get isReused(): boolean {
    return this.#exchanges > 1;
  }

  use(user: ConnectionUser, text: string): void {
    this.#user = user;
    this.#exchanges++;
    this.#socket.ref();
    this.#socket.write(text);
  }

  /** More for the same user. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Idle connections do not keep a process alive. */
  release(): void {
    this.#user = undefined;
    this.#socket.unref();
  }

  /** Closes once everything is written; nobody hears of it any more. */
  endAfterWriting(): void {
    this.#user = undefined;
    this.#socket.end();
    this.#socket.unref();
  }

  destroy(): void {
    this.#user = undefined;
    this.#socket.destroy();
  }
}
