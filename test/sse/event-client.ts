/** A client of /v1/stream/sse that reads events as they come and breaks its connection when a test says so. */
import http from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Transform } from 'node:stream';
import { Decompress } from 'fzstd';
import type { TestServer } from '../support/with-server.js';

const deadlineMs = 30_000;
export const path = '/v1/stream/sse';

export interface EventData {
  readonly type: string;
  readonly id?: string;
  readonly sequence?: number;
  readonly status?: number;
  readonly request_id?: string;
  readonly finish_reason?: string;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly error?: { readonly message: string; readonly code: string; readonly type: string };
  readonly streams?: readonly { readonly id: string; readonly last_sequence: number }[];
  readonly limits?: Readonly<Record<string, number>>;
  readonly data?: {
    readonly choices: readonly {
      readonly index: number;
      readonly text?: string;
      readonly delta?: { readonly content?: string };
      readonly logprobs?: { readonly content?: readonly unknown[]; readonly tokens?: readonly string[] } | null;
    }[];
  };
}

export interface NamedEvent {
  readonly name: string;
  /** Undefined when it had none. */
  readonly id: string | undefined;
  readonly data: EventData;
}

/** By the rules of the HTML standard, as far as servers of JSON need them. */
export function parseEvents(text: string): { readonly events: NamedEvent[]; readonly rest: string } {
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  const events = blocks.flatMap((block): NamedEvent[] => {
    const fields = new Map(
      block
        .split('\n')
        .filter((line) => !line.startsWith(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
    );
    const data = fields.get('data');
    if (data === undefined) return [];
    return [{ name: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) as EventData }];
  });
  return { events, rest };
}

/** Node.js has one of its own only from version 22 on. */
function createZstdDecompress(): Transform {
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      decoder.push(chunk);
      done();
    },
  });
  const decoder = new Decompress((bytes) => {
    stream.push(Buffer.from(bytes));
  });
  return stream;
}

function decoderFor(encoding: string | undefined): Transform | undefined {
  if (encoding === 'gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  if (encoding === 'br') return createBrotliDecompress();
  return encoding === 'zstd' ? createZstdDecompress() : undefined;
}

export interface OpenOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: OutgoingHttpHeaders;
  /** Makes it a POST. */
  readonly body?: unknown;
  readonly pathname?: string;
}

export class EventClient {
  readonly events: NamedEvent[] = [];
  readonly #request: ClientRequest;
  readonly response: IncomingMessage;
  #text = '';
  /** With comments and field names, as it came. */
  raw = '';
  #isOver = false;
  #onChange: () => void = () => undefined;

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.response = response;
    const decoder = decoderFor(response.headers['content-encoding']);
    const source = decoder === undefined ? response : response.pipe(decoder);
    source.setEncoding('utf8');
    const over = (): void => {
      this.#isOver = true;
      this.#onChange();
    };
    // Broken connections are what some tests are about.
    response.on('error', over).on('close', () => {
      // A whole body may still be in the decoder, which says itself when it has given everything.
      if (decoder === undefined || !response.complete) over();
    });
    source.on('error', over).on('end', over);
    source.on('data', (text: string) => {
      this.#take(text);
    });
  }

  static async open(server: Pick<TestServer, 'url'>, options: OpenOptions = {}): Promise<EventClient> {
    const { query = {}, headers = {}, body, pathname = path } = options;
    const url = new URL(pathname, server.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return new Promise((resolve, reject) => {
      const isPost = body !== undefined;
      const type = isPost ? { 'content-type': 'application/json' } : {};
      const request = http.request(url, { method: isPost ? 'POST' : 'GET', headers: { ...type, ...headers } });
      request.on('response', (response) => {
        resolve(new EventClient(request, response));
      });
      request.on('error', reject);
      request.end(isPost ? JSON.stringify(body) : undefined);
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  /** The body of an answer that is no stream. */
  get json(): unknown {
    return JSON.parse(this.#text) as unknown;
  }

  /** What a browser would come back with. */
  get lastEventId(): string {
    return this.events.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  get chunks(): NamedEvent[] {
    return this.events.filter(({ name }) => name === 'chat_chunk' || name === 'completion_chunk');
  }

  /** Of choice `index`. */
  text(index = 0): string {
    const choices = this.chunks.flatMap(({ data }) => data.data?.choices ?? []);
    const own = choices.filter((choice) => choice.index === index);
    return own.map(({ text, delta }) => text ?? delta?.content ?? '').join('');
  }

  break(): void {
    this.#request.destroy();
  }

  async until<Found>(what: string, find: () => Found | undefined | false): Promise<Found> {
    const deadline = setTimeout(() => this.#request.destroy(), deadlineMs);
    try {
      for (;;) {
        const found = find();
        if (found !== undefined && found !== false) return found;
        if (this.#isOver) throw new Error(`The stream ended without ${what}: ${this.raw.slice(-500)}`);
        await new Promise<void>((resolve) => {
          this.#onChange = resolve;
        });
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  async event(name: string): Promise<NamedEvent> {
    return this.until(`an event ${name}`, () => this.events.find((event) => event.name === name));
  }

  /** The server has ended the answer, or the connection broke. */
  async over(): Promise<void> {
    await this.until('its end', () => this.#isOver);
  }

  #take(text: string): void {
    this.raw += text;
    this.#text += text;
    if (this.response.headers['content-type'] === 'text/event-stream') {
      const { events, rest } = parseEvents(this.#text);
      this.events.push(...events);
      this.#text = rest;
    }
    this.#onChange();
  }
}
