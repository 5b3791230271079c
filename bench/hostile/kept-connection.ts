/** One kept connection to a server: when an answer began, counted from when the server had what it needs for it. */
import { connect, type Socket } from 'node:net';

export interface TimedAnswer {
  readonly status: number;
  readonly ms: number;
}

/** An answer that takes longer is none. */
const longestMs = 60_000;

export class KeptConnection {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Whole answers are read, so that the next one finds the connection empty. */
  async post(path: string, body: string): Promise<TimedAnswer> {
    const socket = await this.#open();
    const bytes = Buffer.from(body);
    const head =
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${String(this.#port)}\r\n` +
      `content-type: application/json\r\ncontent-length: ${String(bytes.length)}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      let text = '';
      let [sentAt, answeredAt, isSent] = [0, 0, false];
      const timer = setTimeout(() => {
        end(new Error(`No answer within ${String(longestMs)} ms.`));
      }, longestMs);
      const end = (error?: Error): void => {
        clearTimeout(timer);
        socket.removeAllListeners('data').removeAllListeners('close');
        const status = Number(/^HTTP\/1\.1 (\d+)/u.exec(text)?.[1]);
        // The rest of a body that was refused early would be in the way of the next request.
        if (!isSent || /\r\nconnection: close\r\n/iu.test(text)) this.close();
        if (error !== undefined && !Number.isInteger(status)) reject(error);
        else resolve({ status, ms: answeredAt - sentAt });
      };
      socket.on('close', () => {
        end(new Error('The connection was closed without an answer.'));
      });
      socket.on('data', (chunk) => {
        if (answeredAt === 0) answeredAt = performance.now();
        text += chunk.toString('latin1');
        const length = /\r\ncontent-length: (\d+)\r\n/iu.exec(text)?.[1];
        const headEnd = text.indexOf('\r\n\r\n');
        if (headEnd >= 0 && length !== undefined && text.length >= headEnd + 4 + Number(length)) end();
      });
      socket.write(head, () => {
        sentAt = performance.now();
      });
      socket.write(bytes, () => {
        isSent = true;
        if (answeredAt === 0) sentAt = performance.now();
      });
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #open(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket;
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    this.#socket = socket;
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {
      // Told by `close`.
    });
    return socket;
  }
}
