/** A client of /ws/stream for tests, on the `ws` package: it keeps every message, and waits for those that must come. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

const deadlineMs = 30_000;

/** Any message of the server; each type has some of these fields. */
export interface ServerMessage {
  readonly type: string;
  readonly id?: string;
  readonly sequence?: number;
  readonly status?: number;
  readonly level?: string;
  readonly payload?: string;
  readonly connection_id?: string;
  readonly resume_token?: string;
  readonly protocol?: string;
  readonly finish_reason?: string;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly limits?: Readonly<Record<string, number>>;
  readonly streams?: readonly { readonly id: string; readonly last_sequence: number }[];
  readonly error?: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
  readonly data?: {
    readonly object: string;
    readonly usage?: unknown;
    readonly choices: readonly {
      readonly index: number;
      readonly text?: string;
      readonly delta?: { readonly content?: string };
      readonly message?: { readonly content: string };
      readonly logprobs?: { readonly tokens: readonly string[] } | null;
      readonly finish_reason: string | null;
    }[];
  };
}

function isEnd({ type }: ServerMessage): boolean {
  return type === 'done' || type === 'error' || type === 'result';
}

export class SocketClient {
  readonly messages: ServerMessage[] = [];
  closeCode: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(readonly ws: WebSocket) {
    ws.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString('utf8')) as ServerMessage);
      this.#changed();
    });
    ws.on('close', (code) => {
      this.closeCode = code;
      this.#changed();
    });
    // What it is about shows as a close.
    ws.on('error', () => undefined);
  }

  static async open(
    { port }: { readonly port: number },
    options: ClientOptions = {},
    protocols: string[] = ['inferno.v1'],
  ): Promise<SocketClient> {
    const client = new SocketClient(new WebSocket(`ws://127.0.0.1:${String(port)}/ws/stream`, protocols, options));
    await client.first('connection_info');
    return client;
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  chat(id: string, data: object, fields: object = {}): void {
    this.send({ type: 'chat_request', id, data, ...fields });
  }

  complete(id: string, data: object, fields: object = {}): void {
    this.send({ type: 'completion_request', id, data, ...fields });
  }

  of(id: string): ServerMessage[] {
    return this.messages.filter((message) => message.id === id && message.type !== 'flow');
  }

  /** The text of a stream's chunks so far, of one choice. */
  text(id: string, choice = 0): string {
    const choices = this.of(id).flatMap(({ data }) => data?.choices ?? []);
    const own = choices.filter(({ index }) => index === choice);
    return own.map(({ text, delta }) => text ?? delta?.content ?? '').join('');
  }

  /** Waits until something is there; fails when the connection closes without. */
  async until<Found>(what: string, find: () => Found | undefined | false): Promise<Found> {
    const deadline = setTimeout(() => {
      this.ws.terminate();
    }, deadlineMs);
    try {
      for (;;) {
        const found = find();
        if (found !== undefined && found !== false) return found;
        if (this.closeCode !== undefined) {
          const last = JSON.stringify(this.messages.slice(-3)).slice(0, 1000);
          throw new Error(`The connection closed with ${String(this.closeCode)} without ${what}; last: ${last}`);
        }
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** The first message of a type, which may still have to come. */
  async first(type: string): Promise<ServerMessage> {
    return this.until(`a message of type ${type}`, () => this.messages.find((message) => message.type === type));
  }

  /** The message that ends a stream. */
  async ended(id: string): Promise<ServerMessage> {
    return this.until(`the end of ${id}`, () => this.of(id).find(isEnd));
  }

  /** As `ended`, and it must be well. */
  async done(id: string): Promise<ServerMessage> {
    const end = await this.ended(id);
    if (end.type !== 'done') throw new Error(`The stream ${id} ended with ${JSON.stringify(end)}.`);
    return end;
  }

  async pong(payload: string): Promise<ServerMessage> {
    this.send({ type: 'ping', payload });
    return this.until('a pong', () => this.messages.find((one) => one.type === 'pong' && one.payload === payload));
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  async closed(): Promise<number> {
    const deadline = setTimeout(() => {
      this.ws.terminate();
    }, deadlineMs);
    if (this.closeCode === undefined) await once(this.ws, 'close');
    clearTimeout(deadline);
    return this.closeCode ?? 0;
  }

  async close(): Promise<void> {
    this.ws.close(1000);
    await this.closed();
  }
}
