/**
 * Reads one HTTP/1.1 answer as it arrives: its status, its body, and its server-sent events with their times. Bytes come
 * from any server, so everything that is kept has a limit.
 */

/** The server sent what is not HTTP, or more than a sane one would. */
export class AnswerFault extends Error {
  override readonly name = 'AnswerFault';
}

const headLimit = 64 * 1024;
const lineLimit = 8 * 1024 * 1024;
const sizeLineLimit = 1024;

/** Takes `Transfer-Encoding: chunked` off. Text is latin1, one character per byte. */
class ChunkedBody {
  isComplete = false;
  #pending = '';
  /** Bytes of the current chunk that are still to come, with the line end behind it; undefined before a size line. */
  #remaining: number | undefined;
  #inTrailers = false;

  push(text: string): string {
    this.#pending += text;
    let body = '';
    while (!this.isComplete) {
      if (this.#remaining === undefined) {
        const line = this.#takeLine();
        if (line === undefined) return body;
        this.#readLine(line);
        continue;
      }
      const part = this.#pending.slice(0, this.#remaining);
      this.#pending = this.#pending.slice(part.length);
      // The last two bytes are the line end.
      body += part.slice(0, Math.max(0, this.#remaining - 2));
      this.#remaining -= part.length;
      if (this.#remaining > 0) return body;
      this.#remaining = undefined;
    }
    return body;
  }

  #takeLine(): string | undefined {
    const end = this.#pending.indexOf('\r\n');
    if (end > sizeLineLimit || (end < 0 && this.#pending.length > sizeLineLimit)) {
      throw new AnswerFault('a line between two chunks is too long');
    }
    if (end < 0) return undefined;
    const line = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end + 2);
    return line;
  }

  #readLine(line: string): void {
    if (this.#inTrailers) {
      this.isComplete = line === '';
      return;
    }
    const [digits] = /^[\da-f]{1,8}(?=$|[;\s])/iu.exec(line) ?? [];
    if (digits === undefined) throw new AnswerFault(`not the size of a chunk: ${line.slice(0, 40)}`);
    const size = parseInt(digits, 16);
    if (size === 0) this.#inTrailers = true;
    else this.#remaining = size + 2;
  }
}

class EventReader {
  readonly #onEvent: (data: string, at: number) => void;
  #pending = '';
  #data: string | undefined;

  constructor(onEvent: (data: string, at: number) => void) {
    this.#onEvent = onEvent;
  }

  push(text: string, at: number): void {
    this.#pending += text;
    let from = 0;
    for (let end = this.#pending.indexOf('\n'); end >= 0; end = this.#pending.indexOf('\n', from)) {
      const carriageReturn = this.#pending.charCodeAt(end - 1) === 13 && end > from ? 1 : 0;
      this.#line(this.#pending.slice(from, end - carriageReturn), at);
      from = end + 1;
    }
    this.#pending = this.#pending.slice(from);
    if (this.#pending.length > lineLimit) throw new AnswerFault('an event is too long');
  }

  #line(line: string, at: number): void {
    if (line === '') {
      if (this.#data !== undefined) this.#onEvent(utf8(this.#data), at);
      this.#data = undefined;
    } else if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      if (this.#data.length > lineLimit) throw new AnswerFault('an event is too long');
    }
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

export interface AnswerReaderOptions {
  /** Each event's `data`, and when the piece that completed it came. */
  readonly onEvent?: (data: string, at: number) => void;
  /** Characters of the body that are kept. */
  readonly bodyLimit: number;
}

/** One answer. `push` throws AnswerFault. */
export class AnswerReader {
  /** 0 until the head has come. */
  status = 0;
  /** The whole answer has come. One that ends with its connection never says so. */
  isComplete = false;
  /** The connection can be used for another request when this answer is complete. */
  keepsAlive = false;
  readonly #bodyLimit: number;
  readonly #events: EventReader;
  #head = '';
  #body = '';
  #inBody = false;
  #chunked: ChunkedBody | undefined;
  /** Of a body of declared length. */
  #missingBytes: number | undefined;

  constructor({ onEvent = () => undefined, bodyLimit }: AnswerReaderOptions) {
    this.#bodyLimit = bodyLimit;
    this.#events = new EventReader(onEvent);
  }

  get body(): string {
    return utf8(this.#body);
  }

  /** It ends with its connection, because nothing else says where. */
  get endsByClosing(): boolean {
    return this.#inBody && this.#chunked === undefined && this.#missingBytes === undefined;
  }

  push(bytes: Buffer, at: number): void {
    let text = bytes.toString('latin1');
    if (!this.#inBody) {
      this.#head += text;
      const rest = this.#takeHead();
      if (rest === undefined) return;
      text = rest;
    }
    if (this.#chunked !== undefined) {
      text = this.#chunked.push(text);
      this.isComplete = this.#chunked.isComplete;
    } else if (this.#missingBytes !== undefined) {
      text = text.slice(0, this.#missingBytes);
      this.#missingBytes -= text.length;
      this.isComplete = this.#missingBytes === 0;
    }
    if (this.#body.length < this.#bodyLimit) this.#body += text.slice(0, this.#bodyLimit - this.#body.length);
    this.#events.push(text, at);
  }

  /** What follows the head; undefined while it is not complete. */
  #takeHead(): string | undefined {
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#head.length > headLimit) throw new AnswerFault('the head is too long');
      if (!'HTTP/1.'.startsWith(this.#head.slice(0, 7))) throw new AnswerFault('not an HTTP/1.1 answer');
      return undefined;
    }
    const head = this.#head.slice(0, end);
    const rest = this.#head.slice(end + 4);
    const status = Number(/^HTTP\/1\.\d (\d{3})/u.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new AnswerFault('not an HTTP/1.1 answer');
    this.#head = rest;
    // 100 Continue and the like come before the answer.
    if (status < 200) return this.#takeHead();
    this.status = status;
    this.#inBody = true;
    this.#head = '';
    this.#readFraming(head);
    return rest;
  }

  #readFraming(head: string): void {
    const length = /^content-length: *(\d+)/imu.exec(head)?.[1];
    if (/^transfer-encoding: *chunked/imu.test(head)) this.#chunked = new ChunkedBody();
    else if (length !== undefined) this.#missingBytes = Number(length);
    this.keepsAlive = head.startsWith('HTTP/1.1') && !this.endsByClosing && !/^connection: *close/imu.test(head);
  }
}

export interface TimedChunk {
  /** Milliseconds; only differences mean anything. */
  readonly at: number;
  readonly bytes: Buffer;
}

export interface TimedEvent {
  readonly at: number;
  /** What follows `data: `. */
  readonly data: string;
}

export interface RecordedAnswer {
  /** 0 when no status line came. */
  readonly status: number;
  readonly body: string;
  readonly events: readonly TimedEvent[];
}

/** An answer whose pieces were kept. Throws AnswerFault. */
export function readAnswer(chunks: readonly TimedChunk[]): RecordedAnswer {
  const events: TimedEvent[] = [];
  const reader = new AnswerReader({ bodyLimit: Infinity, onEvent: (data, at) => events.push({ at, data }) });
  for (const { at, bytes } of chunks) reader.push(bytes, at);
  return { status: reader.status, body: reader.body, events };
}
