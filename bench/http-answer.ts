/** Reads a recorded HTTP answer: its status, its body, and its server-sent events with their times of arrival. */

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

/** Takes `Transfer-Encoding: chunked` off. Text is latin1, one character per byte. */
class ChunkedBody {
  #pending = '';
  /** Bytes of the current chunk that are still to come, with the line end behind it; undefined before a size line. */
  #remaining: number | undefined;

  push(text: string): string {
    this.#pending += text;
    let body = '';
    for (;;) {
      if (this.#remaining === undefined) {
        const lineEnd = this.#pending.indexOf('\r\n');
        if (lineEnd < 0) return body;
        this.#remaining = parseInt(this.#pending.slice(0, lineEnd), 16) + 2;
        this.#pending = this.#pending.slice(lineEnd + 2);
      }
      const part = this.#pending.slice(0, this.#remaining);
      this.#pending = this.#pending.slice(part.length);
      // The last two bytes are the line end.
      body += part.slice(0, Math.max(0, this.#remaining - 2));
      this.#remaining -= part.length;
      if (this.#remaining > 0) return body;
      this.#remaining = undefined;
    }
  }
}

class EventReader {
  readonly events: TimedEvent[] = [];
  #pending = '';

  push(text: string, at: number): void {
    const blocks = (this.#pending + text).split('\n\n');
    this.#pending = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith('data: ')) this.events.push({ at, data: utf8(block.slice('data: '.length)) });
    }
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

export function readAnswer(chunks: readonly TimedChunk[]): RecordedAnswer {
  let head = '';
  let chunked: ChunkedBody | undefined;
  let inBody = false;
  let body = '';
  const reader = new EventReader();
  for (const { at, bytes } of chunks) {
    let text = bytes.toString('latin1');
    if (!inBody) {
      head += text;
      const headEnd = head.indexOf('\r\n\r\n');
      if (headEnd < 0) continue;
      inBody = true;
      text = head.slice(headEnd + 4);
      head = head.slice(0, headEnd);
      if (/^transfer-encoding: *chunked/imu.test(head)) chunked = new ChunkedBody();
    }
    const part = chunked === undefined ? text : chunked.push(text);
    body += part;
    reader.push(part, at);
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/u.exec(head)?.[1] ?? 0), body: utf8(body), events: reader.events };
}
