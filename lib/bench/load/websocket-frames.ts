/** WebSocket frames (RFC 6455) as far as a client needs them that offers no extensions. */
import { randomBytes } from 'node:crypto';
import { AnswerFault } from './http-answer.js';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Together, of one message. */
const messageLimit = 16 * 1024 * 1024;

/** One masked frame with a whole message. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const frame = Buffer.allocUnsafe(6 + extended + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  mask.copy(frame, 2 + extended);
  for (let at = 0; at < length; at++) frame[6 + extended + at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return frame;
}

export interface FrameUser {
  onText(text: string, at: number): void;
  onPing(payload: Buffer): void;
  /** 1005 without a code. */
  onClose(code: number): void;
}

interface FrameHead {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly from: number;
  readonly to: number;
}

/** Takes what a server sends apart. `push` throws AnswerFault for what a server must not send. */
export class FrameReader {
  readonly #user: FrameUser;
  #pending: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];

  constructor(user: FrameUser) {
    this.#user = user;
  }

  /** The bytes are copied where they are needed later. */
  push(bytes: Buffer, at: number): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    let begin = 0;
    for (let head = this.#headAt(begin); head !== undefined; head = this.#headAt(begin)) {
      this.#frame(head, this.#pending.subarray(head.from, head.to), at);
      begin = head.to;
    }
    this.#pending = this.#pending.subarray(begin);
  }

  /** Undefined until the whole frame is there. */
  #headAt(begin: number): FrameHead | undefined {
    const bytes = this.#pending;
    const [first, second] = [bytes[begin], bytes[begin + 1]];
    if (first === undefined || second === undefined) return undefined;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new AnswerFault('not a frame of a WebSocket server');
    const short = second & 0x7f;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const from = begin + 2 + extended;
    if (bytes.length < from) return undefined;
    const length =
      extended === 0
        ? short
        : extended === 2
          ? bytes.readUInt16BE(begin + 2)
          : Number(bytes.readBigUInt64BE(begin + 2));
    if (length > messageLimit) throw new AnswerFault('a message is too long');
    if (bytes.length < from + length) return undefined;
    return { isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, from, to: from + length };
  }

  #frame({ isFinal, opcode }: FrameHead, payload: Buffer, at: number): void {
    switch (opcode) {
      case opcodes.text:
      case opcodes.continuation:
        this.#fragments.push(payload);
        if (this.#fragments.reduce((sum, part) => sum + part.length, 0) > messageLimit) {
          throw new AnswerFault('a message is too long');
        }
        if (!isFinal) return;
        this.#user.onText(Buffer.concat(this.#fragments.splice(0)).toString('utf8'), at);
        return;
      case opcodes.ping:
        this.#user.onPing(payload);
        return;
      case opcodes.close:
        this.#user.onClose(payload.length >= 2 ? payload.readUInt16BE(0) : 1005);
        return;
      case opcodes.pong:
        return;
      default:
        throw new AnswerFault(`a frame of kind ${String(opcode)}`);
    }
  }
}
