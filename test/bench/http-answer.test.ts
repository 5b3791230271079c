import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readAnswer, type TimedChunk } from '../../lib/bench/load/http-answer.js';

/** Cuts bytes at the given places; the n-th piece arrives at n. */
function cutAt(bytes: Buffer, places: readonly number[]): TimedChunk[] {
  const cuts = [...new Set([...places.map((place) => place % bytes.length), 0])].sort((a, b) => a - b);
  return cuts.map((from, index) => ({ at: index, bytes: bytes.subarray(from, cuts[index + 1]) }));
}

const events = ['{"text":"né"}', '{"text":"\\r\\n0\\r\\n\\r\\n"}', '{"text":"🔥"}', '[DONE]'];

function chunkedAnswer(): Buffer {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
  const bodies = [':\n\n', ...events.map((data) => `data: ${data}\n\n`)];
  const chunks = bodies.map((body) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`);
  return Buffer.from(`${head}${chunks.join('')}0\r\n\r\n`);
}

describe('readAnswer', () => {
  it('finds every event of a chunked stream, wherever TCP cut it', () => {
    const bytes = chunkedAnswer();
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length - 1), { maxLength: 40 }), (places) => {
        const answer = readAnswer(cutAt(bytes, places));
        assert.equal(answer.status, 200);
        assert.deepEqual(
          answer.events.map((event) => event.data),
          events,
        );
      }),
    );
  });

  it('gives an event the time of the piece that completed it', () => {
    const bytes = chunkedAnswer();
    const everyByte = cutAt(
      bytes,
      Array.from({ length: bytes.length }, (_, index) => index),
    );
    for (const { at, data } of readAnswer(everyByte).events) {
      // The piece numbered `at` is the byte at that place: the second line end behind the event.
      assert.ok(
        bytes
          .subarray(0, at + 1)
          .toString()
          .endsWith(`data: ${data}\n\n`),
      );
    }
  });

  it('reads an error of declared length', () => {
    const text = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 10\r\n\r\n{"a":"é"}';
    const answer = readAnswer([{ at: 0, bytes: Buffer.from(text) }]);
    assert.deepEqual(answer, { status: 400, body: '{"a":"é"}', events: [] });
  });

  it('says status 0 for a connection that brought nothing', () => {
    assert.deepEqual(readAnswer([]), { status: 0, body: '', events: [] });
  });
});
