/**
 * More cases of the Autobahn test suite, which is a Python program: those that `framing.test.ts` does not put. Echo is our
 * `ping{payload}` and `pong{payload}`; docs/testing.md says which case is put how.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import { deflated, fragments, frame, opcodes, RawSocket, type ReceivedFrame } from './raw-frames.js';
import { invalidUtf8, validUtf8 } from './utf8-sequences.js';

const { binary, close, continuation, ping, text } = opcodes;
const kibibyte = 1024;
const mebibyte = kibibyte * kibibyte;

function echoOf(payload: string): string {
  return JSON.stringify({ type: 'ping', payload });
}

const normalClose = frame(close, Buffer.from([0x03, 0xe8]));

/** `bytes` in pieces of `size`, each a write of its own. */
function chopped(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += size) pieces.push(bytes.subarray(from, from + size));
  return pieces;
}

describe('cases of Autobahn', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ limits: { maxBodyBytes: 20 * mebibyte }, load: { parallel: 1 } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** The answer to the next message, whatever it is. */
  async function answerTo(raw: RawSocket, frames: readonly Buffer[]): Promise<Record<string, unknown>> {
    const seen = raw.frames.length;
    raw.write(...frames);
    const next = (): ReceivedFrame | undefined => raw.frames.slice(seen).find(({ opcode }) => opcode === text);
    await raw.until('an answer', () => next() !== undefined);
    return JSON.parse(next()?.payload.toString('utf8') ?? '{}') as Record<string, unknown>;
  }

  async function closesWell(raw: RawSocket): Promise<void> {
    raw.write(normalClose);
    await raw.closed();
    assert.equal(raw.frames.at(-1)?.opcode, close);
    assert.equal(raw.frames.at(-1)?.payload.readUInt16BE(0), 1000);
  }

  async function echoes(payload: string, frames: readonly Buffer[]): Promise<void> {
    const raw = await RawSocket.open(server.port);
    const answer = await answerTo(raw, frames);
    assert.ok(answer['type'] === 'pong' && answer['payload'] === payload, JSON.stringify(answer).slice(0, 200));
    await closesWell(raw);
  }

  /** Without echo: the refusal that names the length shows that all of the message has arrived. */
  async function refusedWith(code: string, length: number, frames: readonly Buffer[]): Promise<void> {
    const raw = await RawSocket.open(server.port);
    const { error } = (await answerTo(raw, frames)) as { readonly error: { readonly message: string; code: string } };
    assert.equal(error.code, code);
    assert.ok(error.message.includes(` ${String(length)} bytes`), error.message);
    await closesWell(raw);
  }

  /** The connection is ended and nothing was answered but `answers`. */
  async function fails(writes: readonly Buffer[], answers = 0): Promise<void> {
    const raw = await RawSocket.open(server.port);
    raw.write(...writes);
    await raw.closed();
    assert.equal(raw.messages.length - 1, answers);
  }

  for (const fin of [true, false]) {
    const stray = [frame(continuation, 'nothing to continue', { fin }), frame(text, echoOf('x'))];
    it(`5.9 to 5.14 a stray continuation with FIN = ${String(fin)} ends the connection, however it is cut`, async () => {
      await fails([Buffer.concat(stray)]);
      await fails(stray);
      await fails(chopped(Buffer.concat(stray), 1));
    });
  }

  it('5.15 a whole message is answered before the stray continuation behind it ends the connection', async () => {
    const whole = fragments(text, echoOf('one'), 12);
    const raw = await RawSocket.open(server.port);
    raw.write(Buffer.concat([...whole, frame(continuation, 'stray', { fin: false }), frame(text, echoOf('two'))]));
    await raw.closed();
    // Not strict: it may also go unanswered.
    for (const message of raw.messages.slice(1)) assert.equal(message['payload'], 'one');
  });

  it('5.16, 5.17 a stray continuation before a message in fragments ends the connection', async () => {
    for (const fin of [true, false]) {
      const once = [frame(continuation, 'fragment1', { fin }), ...fragments(text, echoOf('x'), 9)];
      await fails([...once, ...once]);
    }
  });

  it('6.1.1, 6.1.2 text without a byte, also in three frames, is refused with its length', async () => {
    await refusedWith('invalid_json', 0, [frame(text)]);
    const none = [frame(text, '', { fin: false }), frame(continuation, '', { fin: false }), frame(continuation)];
    await refusedWith('invalid_json', 0, none);
  });

  it('6.1.3 text between two frames without a byte comes back', async () => {
    const first = frame(text, '', { fin: false });
    await echoes('middle', [first, frame(continuation, echoOf('middle'), { fin: false }), frame(continuation)]);
  });

  it('6.4 text that stops being UTF-8 half-way ends the connection and is not answered', async () => {
    const valid = Buffer.from('κόσμε');
    const beyond = Buffer.from([0xf4, 0x90, 0x80, 0x80]);
    const rest = Buffer.from('edited');
    for (const cut of [valid.length, valid.length + 1]) {
      const all = Buffer.concat([valid, beyond, rest]);
      const parts = [
        frame(text, all.subarray(0, cut), { fin: false }),
        frame(continuation, all.subarray(cut, -rest.length), { fin: false }),
        frame(continuation, rest),
      ];
      await fails(parts);
      await fails(chopped(frame(text, all), cut));
    }
  });

  for (const [section, sequences] of Object.entries(validUtf8)) {
    it(`${section} comes back`, async () => {
      const raw = await RawSocket.open(server.port);
      for (const bytes of sequences) {
        const sent = Buffer.concat([Buffer.from('{"type":"ping","payload":"'), bytes, Buffer.from('"}')]);
        const answer = await answerTo(raw, [frame(text, sent)]);
        if (bytes[0] === 0) {
          // JSON does not allow it, UTF-8 does.
          assert.equal((answer['error'] as { readonly code: string }).code, 'invalid_json');
        } else {
          assert.equal(answer['payload'], bytes.toString('utf8'));
        }
      }
      await closesWell(raw);
    });
  }

  for (const [section, sequences] of Object.entries(invalidUtf8)) {
    it(`${section} end the connection`, async () => {
      for (const bytes of sequences) await fails([frame(text, bytes)]);
    });
  }

  it('7.1.6 256 KiB, a message and a close back to back: what is answered is whole, and the close is answered', async () => {
    const raw = await RawSocket.open(server.port);
    raw.write(
      Buffer.concat([
        frame(text, echoOf('*'.repeat(256 * kibibyte))),
        frame(text, echoOf('x')),
        normalClose,
        frame(ping),
      ]),
    );
    await raw.closed();
    assert.equal(raw.frames.at(-1)?.opcode, close);
    for (const message of raw.messages.slice(1)) assert.equal(message['type'], 'pong');
  });

  it('7.13 closes with the codes 5000 and 65535, of which the protocol says nothing, end the connection', async () => {
    for (const code of [5000, 65_535]) {
      const head = Buffer.alloc(2);
      head.writeUInt16BE(code);
      await fails([frame(close, head)]);
    }
  });

  for (const size of [64 * kibibyte, 256 * kibibyte, mebibyte, 4 * mebibyte, 8 * mebibyte, 16 * mebibyte]) {
    it(`9.2 binary of ${String(size / kibibyte)} KiB is refused with its length`, async () => {
      await refusedWith('invalid_argument', size, [frame(binary, Buffer.alloc(size, 0xfe))]);
    });
  }

  for (const size of [64, 256, kibibyte, 4 * kibibyte, 16 * kibibyte, 64 * kibibyte, 256 * kibibyte, mebibyte]) {
    it(`9.3, 9.4 4 MiB in fragments of ${String(size)} bytes arrive whole, as text and binary`, async () => {
      const payload = '*'.repeat(4 * mebibyte);
      await echoes(payload, [Buffer.concat(fragments(text, echoOf(payload), size))]);
      const bytes = Buffer.alloc(4 * mebibyte, 0xfe);
      await refusedWith('invalid_argument', bytes.length, [Buffer.concat(fragments(binary, bytes, size))]);
    });
  }

  for (const size of [64, 128, 256, 512, kibibyte, 2 * kibibyte]) {
    it(`9.5, 9.6 1 MiB written in pieces of ${String(size)} bytes arrives whole, as text and binary`, async () => {
      const payload = '*'.repeat(mebibyte);
      await echoes(payload, chopped(frame(text, echoOf(payload)), size));
      await refusedWith('invalid_argument', mebibyte, chopped(frame(binary, Buffer.alloc(mebibyte, 0xfe)), size));
    });
  }

  for (const size of [0, 16, 64, 256, kibibyte, 4 * kibibyte]) {
    it(`9.7, 9.8 a thousand messages of ${String(size)} bytes, each after the answer to the last`, async () => {
      const raw = await RawSocket.open(server.port);
      const payload = '*'.repeat(size);
      for (let i = 0; i < 1000; i++) {
        const seen = raw.frames.length;
        raw.write(i % 2 === 0 ? frame(text, echoOf(payload)) : frame(binary, Buffer.alloc(size)));
        await raw.until('an answer', () => raw.frames.length > seen);
      }
      const kinds = raw.messages.slice(1).map((message) => message['type']);
      assert.deepEqual(
        [kinds.filter((kind) => kind === 'pong').length, kinds.filter((kind) => kind === 'error').length],
        [500, 500],
      );
      await closesWell(raw);
    });
  }

  const words = JSON.stringify(someJson()).slice(1, -1);
  const lengths = [16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
  const cut = [
    [8192, 256],
    [16_384, 256],
    [32_768, 256],
    [65_536, 256],
    [131_072, 256],
  ];
  const longer = [
    [131_072, 1024],
    [131_072, 4096],
    [131_072, 32_768],
  ];
  const shapes = [...lengths.map((length) => [length, Infinity]), ...cut, ...longer] as [number, number][];
  for (const [length, size] of shapes) {
    const inFrames = size === Infinity ? 'one frame' : `frames of ${String(size)} bytes`;
    it(`12, 13 compressed messages of ${String(length)} bytes in ${inFrames} come back`, async () => {
      const raw = await RawSocket.open(server.port, 'permessage-deflate; client_no_context_takeover');
      for (let i = 0; i < 20; i++) {
        const payload = `${String(i)} ${words.repeat(Math.ceil(length / words.length))}`.slice(0, length);
        const bytes = deflated(echoOf(payload));
        const [first, ...rest] = fragments(text, bytes, Math.min(size, bytes.length));
        if (first === undefined) throw new Error('There is no frame.');
        first[0] = (first[0] ?? 0) | 0x40;
        assert.equal((await answerTo(raw, [first, ...rest]))['payload'], payload);
      }
      await closesWell(raw);
    });
  }
});

/** Text that compresses as JSON does. */
function someJson(): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Once upon a time there was a fox.' } }],
  };
}
