/** WebSocket frames by hand over TCP, for what no client library would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

const deadlineMs = 30_000;

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly fin?: boolean;
  /** RSV1 to RSV3 as the bits of a number. */
  readonly reserved?: number;
  readonly masked?: boolean;
}

const maskKey = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

function lengthBytes(length: number, masked: boolean): Buffer {
  const bit = masked ? 0x80 : 0;
  if (length < 126) return Buffer.from([bit | length]);
  const bytes = Buffer.alloc(length < 65_536 ? 3 : 9);
  bytes[0] = bit | (length < 65_536 ? 126 : 127);
  bytes.writeUIntBE(length, length < 65_536 ? 1 : 3, length < 65_536 ? 2 : 6);
  return bytes;
}

export function frame(opcode: number, payload: string | Buffer = '', options: FrameOptions = {}): Buffer {
  const { fin = true, reserved = 0, masked = true } = options;
  const data = Buffer.from(payload);
  const head = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]);
  if (!masked) return Buffer.concat([head, lengthBytes(data.length, false), data]);
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) ^ (maskKey[i & 3] ?? 0);
  return Buffer.concat([head, lengthBytes(data.length, true), maskKey, data]);
}

/** `payload` as one message in frames of `size` bytes. */
export function fragments(opcode: number, payload: string | Buffer, size: number): Buffer[] {
  const data = Buffer.from(payload);
  const frames: Buffer[] = [];
  for (let from = 0; from === 0 || from < data.length; from += size) {
    const fin = from + size >= data.length;
    frames.push(frame(from === 0 ? opcode : opcodes.continuation, data.subarray(from, from + size), { fin }));
  }
  return frames;
}

/** As permessage-deflate sends a message: without the four bytes that end every flush. */
export function deflated(payload: string | Buffer, windowBits = 15): Buffer {
  const data = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, windowBits });
  return data.subarray(0, -4);
}

export interface ReceivedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly reserved: number;
  /** Inflated where the frame was compressed. */
  readonly payload: Buffer;
}

export class RawSocket {
  readonly frames: ReceivedFrame[] = [];
  isClosed = false;
  #bytes = Buffer.alloc(0);
  #waiting: (() => void)[] = [];
  #head = '';

  constructor(readonly socket: Socket) {
    socket.setNoDelay();
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (this.#head === '') this.#takeHead();
      if (this.#head !== '') while (this.#takeFrame());
      this.#changed();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#changed();
    });
  }

  /** An open WebSocket that has its connection_info; `extensions` as offered. */
  static async open(port: number, extensions = ''): Promise<RawSocket> {
    const socket = await RawSocket.handshake(
      port,
      extensions === '' ? [] : [`Sec-WebSocket-Extensions: ${extensions}`],
    );
    await socket.until('connection_info', () => socket.frames.length > 0);
    return socket;
  }

  /** The socket once the answer to its handshake is there. */
  static async handshake(port: number, headers: readonly string[], host = 'localhost'): Promise<RawSocket> {
    const socket = connect(port, '127.0.0.1');
    const raw = new RawSocket(socket);
    await once(socket, 'connect');
    const lines = [
      'GET /ws/stream HTTP/1.1',
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(headers.some((line) => line.startsWith('Sec-WebSocket-Version')) ? [] : ['Sec-WebSocket-Version: 13']),
      ...headers,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await raw.until('the answer to the handshake', () => raw.head !== '');
    return raw;
  }

  /** The head of the answer to the handshake. */
  get head(): string {
    return this.#head;
  }

  get status(): number {
    return Number(this.#head.split(' ')[1]);
  }

  /** Text frames, parsed. */
  get messages(): Record<string, unknown>[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.text)
      .map(({ payload }) => JSON.parse(payload.toString('utf8')) as Record<string, unknown>);
  }

  write(...frames: readonly Buffer[]): void {
    for (const one of frames) this.socket.write(one);
  }

  async until(what: string, isTrue: () => boolean): Promise<void> {
    const deadline = setTimeout(() => this.socket.destroy(), deadlineMs);
    try {
      while (!isTrue()) {
        if (this.isClosed) throw new Error(`The connection closed without ${what}.`);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Waits for the server to close the connection. */
  async closed(): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    deadline.addEventListener('abort', () => this.socket.destroy());
    while (!this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (deadline.aborted) throw new Error('The server did not close the connection.');
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #takeHead(): void {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end === -1) return;
    this.#head = this.#bytes.subarray(0, end).toString('latin1');
    this.#bytes = this.status === 101 ? this.#bytes.subarray(end + 4) : Buffer.alloc(0);
  }

  #takeFrame(): boolean {
    const [first, second] = this.#bytes;
    if (first === undefined || second === undefined) return false;
    const short = second & 0x7f;
    const lengthSize = short < 126 ? 0 : short === 126 ? 2 : 6;
    const start = 2 + (short === 127 ? 8 : lengthSize);
    if (this.#bytes.length < start) return false;
    const length = lengthSize === 0 ? short : this.#bytes.readUIntBE(start - lengthSize, lengthSize);
    if (this.#bytes.length < start + length) return false;
    const body = this.#bytes.subarray(start, start + length);
    this.#bytes = this.#bytes.subarray(start + length);
    const reserved = (first >> 4) & 7;
    const payload =
      reserved === 4
        ? inflateRawSync(Buffer.concat([body, Buffer.from([0, 0, 255, 255])]), { finishFlush: constants.Z_SYNC_FLUSH })
        : Buffer.from(body);
    this.frames.push({ opcode: first & 15, fin: first > 127, reserved, payload });
    return true;
  }
}
