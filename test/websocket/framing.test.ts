/**
 * The cases of the Autobahn test suite, sections 1 to 7, 9, 10, 12 and 13, as this file can put them: an equivalent by
 * hand, not the suite itself, which is a Python program. Its echo is our `ping{payload}` and `pong{payload}`.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import { deflated, fragments, frame, opcodes, RawSocket } from './raw-frames.js';

const { binary, close, continuation, ping, pong, text } = opcodes;
const mebibyte = 2 ** 20;

function echoOf(payload: string): string {
  return JSON.stringify({ type: 'ping', payload });
}

function closeWith(code: number, reason: string | Buffer = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return frame(close, Buffer.concat([head, Buffer.from(reason)]));
}

describe('frames', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ limits: { maxBodyBytes: 20 * mebibyte }, load: { parallel: 1 } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** Sends and expects the echo of `payload`, and that the connection still works. */
  async function echoes(payload: string, frames: readonly Buffer[], extensions = ''): Promise<RawSocket> {
    const raw = await RawSocket.open(server.port, extensions);
    raw.write(...frames);
    await raw.until('the echo', () => raw.messages.some((message) => message['type'] === 'pong'));
    assert.ok(raw.messages.at(-1)?.['payload'] === payload, 'the echo differs');
    raw.write(frame(ping, 'still there'));
    await raw.until('a pong', () => raw.frames.some(({ payload: one }) => one.equals(Buffer.from('still there'))));
    return raw;
  }

  async function echoesAndCloses(payload: string, frames: readonly Buffer[], extensions = ''): Promise<void> {
    const raw = await echoes(payload, frames, extensions);
    raw.write(closeWith(1000));
    await raw.closed();
  }

  /** Sends and expects that the connection is ended, with a close frame or without, and no answer to it. */
  async function fails(...frames: readonly Buffer[]): Promise<void> {
    const raw = await RawSocket.open(server.port);
    raw.write(...frames);
    await raw.closed();
    assert.deepEqual(
      raw.frames.slice(1).filter(({ opcode }) => opcode !== close && opcode !== pong),
      [],
    );
  }

  for (const length of [0, 1, 125, 126, 127, 128, 65_535, 65_536]) {
    it(`1.1 text around ${String(length)} bytes comes back`, async () => {
      const payload = '*'.repeat(length);
      await echoesAndCloses(payload, [frame(text, echoOf(payload))]);
    });

    it(`1.2 binary of ${String(length)} bytes is refused with its length, and the connection goes on`, async () => {
      const raw = await RawSocket.open(server.port);
      raw.write(frame(binary, Buffer.alloc(length, 0xfe)));
      await raw.until('an error', () => raw.messages.length === 2);
      const error = raw.messages[1]?.['error'] as { readonly message: string; readonly code: string };
      assert.equal(error.code, 'invalid_argument');
      assert.ok(error.message.includes(` ${String(length)} bytes`));
      raw.write(closeWith(1000));
      await raw.closed();
    });

    it(`1.1 text of exactly ${String(length)} bytes that is no JSON is refused with its length`, async () => {
      const raw = await RawSocket.open(server.port);
      raw.write(frame(text, '*'.repeat(length)));
      await raw.until('an error', () => raw.messages.length === 2);
      const error = raw.messages[1]?.['error'] as { readonly message: string; readonly code: string };
      assert.equal(error.code, 'invalid_json');
      assert.ok(error.message.includes(` ${String(length)} bytes`));
      raw.write(closeWith(1000));
      await raw.closed();
    });
  }

  it('1.1.8 text that comes in pieces of 997 bytes comes back', async () => {
    const payload = '*'.repeat(65_536);
    const bytes = frame(text, echoOf(payload));
    const pieces: Buffer[] = [];
    for (let from = 0; from < bytes.length; from += 997) pieces.push(bytes.subarray(from, from + 997));
    await echoesAndCloses(payload, pieces);
  });

  it('2.1 to 2.4, 2.6 pings come back with their payload, also byte by byte', async () => {
    const payloads = [
      Buffer.alloc(0),
      Buffer.from('Hello, world!'),
      Buffer.from([0, 255, 254, 253]),
      Buffer.alloc(125, 1),
    ];
    for (const payload of payloads) {
      const raw = await RawSocket.open(server.port);
      for (const byte of frame(ping, payload)) raw.write(Buffer.from([byte]));
      await raw.until('a pong', () => raw.frames.length === 2);
      assert.deepEqual([raw.frames[1]?.opcode, raw.frames[1]?.payload], [pong, payload]);
      raw.write(closeWith(1000));
      await raw.closed();
    }
  });

  it('2.5 a ping of 126 bytes ends the connection', async () => {
    await fails(frame(ping, Buffer.alloc(126)));
  });

  it('2.7 to 2.9 pongs that nobody asked for are ignored', async () => {
    await echoesAndCloses('x', [frame(pong), frame(pong, 'unsolicited'), frame(text, echoOf('x'))]);
  });

  it('2.10, 2.11 ten pings come back in order', async () => {
    const raw = await RawSocket.open(server.port);
    raw.write(...Array.from({ length: 10 }, (_, i) => frame(ping, String(i))));
    await raw.until('ten pongs', () => raw.frames.length === 11);
    assert.equal(
      raw.frames
        .slice(1)
        .map(({ payload }) => payload.toString())
        .join(''),
      '0123456789',
    );
    raw.write(closeWith(1000));
    await raw.closed();
  });

  for (let reserved = 1; reserved <= 7; reserved++) {
    it(`3 reserved bits ${String(reserved)} end the connection`, async () => {
      await fails(frame(text, echoOf('x'), { reserved }));
      await fails(frame(ping, '', { reserved }));
      await fails(frame(close, '', { reserved }));
    });
  }

  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    it(`4 the reserved opcode ${String(opcode)} ends the connection`, async () => {
      await fails(frame(opcode));
      await fails(frame(opcode, 'payload'));
    });
  }

  it('5.1, 5.2 pings and pongs in fragments end the connection', async () => {
    for (const opcode of [ping, pong]) {
      await fails(frame(opcode, 'a', { fin: false }), frame(continuation, 'b'));
    }
  });

  it('5.3 to 5.8, 5.19, 5.20 text in fragments comes back, with pings between them answered at once', async () => {
    const payload = 'fragment1fragment2fragment3';
    const pieces = fragments(text, echoOf(payload), 9);
    await echoesAndCloses(payload, pieces);
    await echoesAndCloses(payload, [Buffer.concat(pieces)]);
    const raw = await echoes(
      payload,
      pieces.flatMap((piece) => [frame(ping, 'between'), piece]),
    );
    const order = raw.frames.slice(1).map(({ opcode }) => opcode);
    assert.deepEqual(order, [...pieces.map(() => pong), text, pong]);
    raw.write(closeWith(1000));
    await raw.closed();
  });

  it('5.9 to 5.17 continuations of nothing end the connection', async () => {
    for (const fin of [true, false]) {
      await fails(frame(continuation, 'nothing to continue', { fin }), frame(text, echoOf('x')));
    }
  });

  it('5.18 a message within the fragments of another ends the connection', async () => {
    await fails(frame(text, 'a', { fin: false }), frame(text, 'b'));
  });

  const texts = ['Hello-µ@ßöäüàá-UTF-8!!', 'κόσμε', '\u0000\u007f\u0080\u07ff\u0800\uffff', '😀\u{10ffff}\ufeff\ufffd'];
  it('6.1 to 6.4, 6.5 to 6.23 valid UTF-8 comes back, whole, and cut at every byte', async () => {
    for (const payload of texts) {
      // As it is, not escaped.
      const json = `{"type":"ping","payload":"${payload.replace('\u0000', '')}"}`;
      const sent = payload.replace('\u0000', '');
      await echoesAndCloses(sent, [frame(text, json)]);
      await echoesAndCloses(sent, fragments(text, json, 1));
    }
  });

  const invalid: readonly (readonly number[])[] = [
    [0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xce, 0xbc, 0xce, 0xb5, 0xed, 0xa0, 0x80, 0x65, 0x64],
    [0xf4, 0x90, 0x80, 0x80],
    [0x80],
    [0xbf],
    [0xc0, 0x20],
    [0xe0, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
    [0xfe],
    [0xff],
    [0xc0, 0xaf],
    [0xe0, 0x80, 0xaf],
    [0xf0, 0x80, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
  ];
  for (const bytes of invalid) {
    const hex = Buffer.from(bytes).toString('hex');
    it(`6 the invalid UTF-8 ${hex} ends the connection, whole and in fragments`, async () => {
      await fails(frame(text, Buffer.from(bytes)));
      await fails(...fragments(text, Buffer.from(bytes), 1));
    });
  }

  it('7.1 a close is answered with a close; what comes behind it is not', async () => {
    for (const behind of [[], [closeWith(1000)], [frame(ping)], [frame(text, echoOf('x'))]]) {
      const raw = await RawSocket.open(server.port);
      raw.write(Buffer.concat([closeWith(1000), ...behind]));
      await raw.closed();
      assert.deepEqual(
        raw.frames.slice(1).map(({ opcode }) => opcode),
        [close],
      );
    }
  });

  it('7.1.5 a close within the fragments of a message is answered', async () => {
    const raw = await RawSocket.open(server.port);
    raw.write(frame(text, 'begun', { fin: false }), closeWith(1000));
    await raw.closed();
    assert.equal(raw.frames.at(-1)?.opcode, close);
  });

  it('7.3.1, 7.3.3 to 7.3.5 closes without a code, with a reason up to 123 bytes are answered', async () => {
    for (const sent of [frame(close), closeWith(1000, 'Hello World!'), closeWith(1000, '*'.repeat(123))]) {
      const raw = await RawSocket.open(server.port);
      raw.write(sent);
      await raw.closed();
      assert.equal(raw.frames.at(-1)?.opcode, close);
    }
  });

  it('7.3.2, 7.3.6, 7.5.1 closes of one byte, of 126 bytes and with a reason that is not UTF-8 end the connection', async () => {
    await fails(frame(close, 'x'));
    await fails(closeWith(1000, '*'.repeat(124)));
    await fails(closeWith(1000, Buffer.from([0xce, 0xba, 0xe1, 0xed, 0xa0, 0x80])));
  });

  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 4000, 4999]) {
    it(`7.7 the close code ${String(code)} is answered with itself`, async () => {
      const raw = await RawSocket.open(server.port);
      raw.write(closeWith(code));
      await raw.closed();
      assert.equal(raw.frames.at(-1)?.opcode, close);
      assert.equal(raw.frames.at(-1)?.payload.readUInt16BE(0), code);
    });
  }

  for (const code of [3000, 3999]) {
    it(`7.7 the close code ${String(code)} is answered with a close`, async () => {
      const raw = await RawSocket.open(server.port);
      raw.write(closeWith(code));
      await raw.closed();
      assert.equal(raw.frames.at(-1)?.opcode, close);
    });
  }

  for (const code of [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 65_535]) {
    it(`7.9 the invalid close code ${String(code)} ends the connection and is not repeated`, async () => {
      const raw = await RawSocket.open(server.port);
      raw.write(closeWith(code));
      await raw.closed();
      assert.ok(raw.frames.slice(1).every(({ payload }) => payload.length < 2 || payload.readUInt16BE(0) !== code));
    });
  }

  for (const size of [mebibyte / 16, mebibyte / 4, mebibyte, 4 * mebibyte, 8 * mebibyte, 16 * mebibyte]) {
    it(`9.1 text of ${String(size / mebibyte)} MiB comes back`, async () => {
      const payload = '*'.repeat(size);
      await echoesAndCloses(payload, [frame(text, echoOf(payload))]);
    });
  }

  for (const size of [64, 256, 4096, 65_536, mebibyte]) {
    it(`9.3 text of 1 MiB in fragments of ${String(size)} bytes comes back`, async () => {
      const payload = '*'.repeat(mebibyte);
      await echoesAndCloses(payload, [Buffer.concat(fragments(text, echoOf(payload), size))]);
    });
  }

  it('9.7 a thousand messages in a row come back in order', async () => {
    const raw = await RawSocket.open(server.port);
    raw.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame(text, echoOf(String(i))))));
    await raw.until('all of them', () => raw.frames.length === 1001);
    assert.ok(raw.messages.slice(1).every((message, i) => message['payload'] === String(i)));
    raw.write(closeWith(1000));
    await raw.closed();
  });

  it('10.1 text of 64 KiB in frames of 1300 bytes comes back', async () => {
    const payload = '*'.repeat(65_536);
    await echoesAndCloses(payload, fragments(text, echoOf(payload), 1300));
  });

  const offers = [
    'permessage-deflate',
    'permessage-deflate; client_no_context_takeover; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
    'permessage-deflate; server_max_window_bits=15; client_max_window_bits',
    'permessage-deflate; client_no_context_takeover; client_max_window_bits, permessage-deflate; client_no_context_takeover, permessage-deflate',
  ];
  for (const [index, offer] of offers.entries()) {
    it(`12, 13 compressed messages come back compressed, offer ${String(index + 1)}`, async () => {
      for (const size of [16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072]) {
        const payload = JSON.stringify({ size, text: 'The quick brown fox. '.repeat(size / 16) });
        const bytes = deflated(echoOf(payload), 9);
        const raw = await echoes(payload, [frame(text, bytes, { reserved: 4 })], offer);
        assert.match(raw.head, /sec-websocket-extensions: permessage-deflate/iu);
        const answer = raw.frames.find(({ payload: one }) => one.includes('"pong"'));
        assert.equal(answer?.reserved, answer !== undefined && answer.payload.length >= 512 ? 4 : 0);
        raw.write(closeWith(1000));
        await raw.closed();
      }
    });
  }

  it('12 compressed messages in fragments come back; a continuation with RSV1 ends the connection', async () => {
    const payload = 'compressed and cut '.repeat(100);
    const bytes = deflated(echoOf(payload));
    const half = Math.floor(bytes.length / 2);
    const first = frame(text, bytes.subarray(0, half), { fin: false, reserved: 4 });
    await echoesAndCloses(payload, [first, frame(continuation, bytes.subarray(half))], 'permessage-deflate');
    const raw = await RawSocket.open(server.port, 'permessage-deflate');
    raw.write(first, frame(continuation, bytes.subarray(half), { reserved: 4 }));
    await raw.closed();
  });

  it('12 what does not inflate, or inflates beyond the limit, ends the connection', async () => {
    for (const bytes of [Buffer.from([0xff, 0xff, 0xff, 0x07]), deflated(Buffer.alloc(80 * mebibyte))]) {
      const raw = await RawSocket.open(server.port, 'permessage-deflate');
      raw.write(frame(text, bytes, { reserved: 4 }));
      await raw.closed();
      assert.deepEqual(
        raw.messages.slice(1).map((message) => message['type']),
        [],
      );
    }
  });

  it('over the limit of a message get an error and the close code 1009', async () => {
    const raw = await RawSocket.open(server.port);
    raw.write(frame(text, Buffer.alloc(20 * mebibyte + 1, 0x20)));
    await raw.closed();
    assert.equal((raw.messages[1]?.['error'] as { readonly code: string }).code, 'body_too_large');
    assert.equal(raw.frames.at(-1)?.payload.readUInt16BE(0), 1009);
  });
});
