/** A TCP server that does with a connection whatever a test wants: real sockets, no HTTP library to correct it. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

export class RawServer {
  /** Whole requests received, over all connections. */
  requests = 0;
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  /** `onRequest` gets each complete request and its number, from 1. */
  constructor(onRequest: (socket: Socket, number: number) => void) {
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      let text = '';
      socket.setEncoding('latin1').on('data', (data: string) => {
        text += data;
        for (;;) {
          const headEnd = text.indexOf('\r\n\r\n');
          const length = Number(/content-length: (\d+)/iu.exec(text)?.[1] ?? NaN);
          if (headEnd < 0 || text.length < headEnd + 4 + length) return;
          text = text.slice(headEnd + 4 + length);
          onRequest(socket, ++this.requests);
        }
      });
      socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    return `http://127.0.0.1:${String(address.port)}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function streamHead(extra = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n${extra}\r\n`;
}

export function chunk(data: string): string {
  const text = `data: ${data}\n\n`;
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

export function piece(text: string): string {
  return chunk(JSON.stringify({ choices: [{ index: 0, text, finish_reason: null }] }));
}

/** A complete streamed completion. */
export function wholeStream(pieces: number): string {
  const usage = { prompt_tokens: 3, completion_tokens: pieces, total_tokens: pieces + 3 };
  return [
    streamHead(),
    ...Array.from({ length: pieces }, () => piece('a')),
    chunk(JSON.stringify({ choices: [{ index: 0, text: '', finish_reason: 'length' }] })),
    chunk(JSON.stringify({ choices: [], usage })),
    chunk('[DONE]'),
    '0\r\n\r\n',
  ].join('');
}
