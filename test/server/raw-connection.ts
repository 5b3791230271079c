/** A TCP connection that says exactly what a test wants, and the reading of answers and events from their bytes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

const deadlineMs = 30_000;

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class RawConnection {
  readonly socket: Socket;
  readonly #decoder = new StringDecoder('utf8');
  #onChange: () => void = () => undefined;
  #text = '';
  #bytes = 0;
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#text += this.#decoder.write(chunk);
      this.#bytes += chunk.length;
      this.#onChange();
    });
    // Resets are what some tests are about; they show as `isClosed`.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#onChange();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Everything received so far. */
  get received(): string {
    return this.#text;
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Bytes came, or the connection closed. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  /** Waits for text that must come; fails when the connection closes without it. */
  async until(text: string): Promise<void> {
    const deadline = setTimeout(() => this.socket.destroy(), deadlineMs);
    try {
      let from = 0;
      while (!this.#text.includes(text, from)) {
        from = Math.max(0, this.#text.length - text.length);
        if (this.#isClosed) throw new Error(`The connection closed without ${JSON.stringify(text)}: ${this.received}`);
        await this.#change();
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Waits for the server to close the connection. */
  async closed(): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    deadline.addEventListener('abort', () => this.socket.destroy());
    while (!this.#isClosed) await this.#change();
    if (deadline.aborted) throw new Error('The server did not close the connection.');
  }

  /** The first answer received, with a body of declared length; waits until it is complete. */
  async answer(): Promise<RawAnswer> {
    await this.until('\r\n\r\n');
    const headEnd = this.received.indexOf('\r\n\r\n') + 4;
    const [statusLine = '', ...lines] = this.received.slice(0, headEnd - 4).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers['content-length'] ?? 0);
    const headBytes = Buffer.byteLength(this.#text.slice(0, headEnd));
    while (this.#bytes - headBytes < length) {
      if (this.#isClosed) throw new Error(`The connection closed within an answer: ${this.received.slice(0, 500)}`);
      await this.#change();
    }
    return { status: Number(statusLine.split(' ')[1]), headers, body: this.received.slice(headEnd, headEnd + length) };
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The text of a POST with a JSON body. */
export function postText(path: string, body: unknown, headers: readonly string[] = []): string {
  const json = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${String(Buffer.byteLength(json))}`,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${json}`;
}

/** The data of the events in a stream's text; comments are left out. */
export function eventsIn(text: string): string[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('data: '))
    .map((block) => block.slice('data: '.length));
}

/** The events of a response, parsed; fails unless the last one is [DONE]. */
export async function chunksOf<Chunk>(response: Response): Promise<Chunk[]> {
  const events = eventsIn(await response.text());
  if (events.pop() !== '[DONE]') throw new Error('The stream did not end with [DONE].');
  return events.map((event) => JSON.parse(event) as Chunk);
}
