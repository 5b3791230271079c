import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Credit } from '../../lib/server/sessions/credit.js';
import { StreamWindow } from '../../lib/server/sessions/stream-window.js';

const limits = { messages: 1000, tokens: 10_000, bytes: 1_000_000 };

function message(sequence: number, tokens = 1): Parameters<StreamWindow['push']>[0] {
  return { sequence, frame: String(sequence), tokens, bytes: 10 };
}

describe('StreamWindow', () => {
  it('is healthy below 70 % of its messages, moderate to 90 %, critical above, and full at 100 %', () => {
    const window = new StreamWindow(limits, 'acknowledged');
    const levels: string[] = [];
    for (let sequence = 1; sequence <= 1000; sequence++) {
      assert.equal(window.isFull, false);
      window.push(message(sequence));
      window.markSent();
      levels.push(window.level);
    }
    assert.equal(window.isFull, true);
    assert.deepEqual(
      [levels[698], levels[699], levels[899], levels[900]],
      ['healthy', 'moderate', 'moderate', 'critical'],
    );
    window.acknowledge(301);
    assert.equal(window.level, 'healthy');
    assert.deepEqual([window.pendingMessages, window.unacknowledgedTokens, window.goneUpTo], [699, 699, 301]);
  });

  it('is full of tokens, and of bytes, too', () => {
    const tokens = new StreamWindow(limits, 'acknowledged');
    tokens.push(message(1, 9001));
    assert.equal(tokens.level, 'critical');
    const bytes = new StreamWindow({ ...limits, bytes: 10 }, 'acknowledged');
    bytes.push(message(1));
    assert.equal(bytes.isFull, true);
  });

  it('keeps nothing that was sent when nobody acknowledges', () => {
    const window = new StreamWindow(limits, 'none');
    window.push(message(1));
    window.markSent();
    assert.deepEqual([window.isDelivered, window.awaitsAck, window.unacknowledgedTokens], [true, false, 0]);
  });

  it('keeps the last that fit when nobody acknowledges but may come back, and is not filled by them', () => {
    const window = new StreamWindow({ messages: 10, tokens: 100, bytes: 1000 }, 'recent');
    for (let sequence = 1; sequence <= 50; sequence++) {
      window.push(message(sequence));
      assert.equal(window.level, 'healthy');
      window.markSent();
      assert.ok(window.pendingMessages <= 10);
    }
    assert.deepEqual([window.isDelivered, window.awaitsAck, window.goneUpTo, window.bytes], [true, false, 40, 100]);
    window.rewind(45);
    assert.deepEqual([window.next?.sequence, window.goneUpTo, window.isDelivered], [46, 45, false]);
    // What waits to be sent does fill it.
    for (let sequence = 51; sequence <= 55; sequence++) window.push(message(sequence));
    assert.equal(window.isFull, true);
    while (window.next !== undefined) window.markSent();
    assert.deepEqual([window.fill, window.seenUpTo], [0, 55]);
    const heavy = new StreamWindow({ messages: 10, tokens: 100, bytes: 25 }, 'recent');
    for (let sequence = 1; sequence <= 3; sequence++) {
      heavy.push(message(sequence));
      heavy.markSent();
    }
    assert.deepEqual([heavy.pendingMessages, heavy.bytes], [2, 20]);
  });

  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('push' as const) },
    { weight: 4, arbitrary: fc.constant('send' as const) },
    fc.constant('ack' as const),
    fc.constant('break' as const),
  );

  // The client keeps what arrives in order and says after a break what it has. Whatever the order of events, it gets
  // every message, in order, and none twice.
  it('delivers every message once, however often the connection breaks', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, salt) => {
        const window = new StreamWindow(limits, 'acknowledged');
        const received: number[] = [];
        let made = 0;
        for (const [index, one] of steps.entries()) {
          if (one === 'push') window.push(message(++made, made % 3));
          const { next } = window;
          if (one === 'send' && next !== undefined) {
            window.markSent();
            received.push(next.sequence);
          }
          if (one === 'ack') window.acknowledge(Math.max(0, received.length - ((salt + index) % 4)));
          if (one === 'break') {
            // The last ones were on their way and are lost.
            const kept = Math.max(window.goneUpTo, received.length - ((salt + index) % 5));
            received.length = kept;
            window.rewind(kept);
          }
        }
        for (let { next } = window; next !== undefined; { next } = window) {
          window.markSent();
          received.push(next.sequence);
        }
        assert.deepEqual(
          received,
          Array.from({ length: made }, (_, i) => i + 1),
        );
        window.acknowledge(made);
        assert.deepEqual([window.isDelivered, window.unacknowledgedTokens, window.fill], [true, 0, 0]);
      }),
    );
  });
});

describe('a StreamWindow that keeps the last messages', () => {
  const step = fc.constantFrom('push', 'push', 'send', 'send', 'break');

  // A client that lost no more than is kept gets every message, in order, and none twice; another one is told so.
  it('delivers every message once to who did not miss more than that', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, salt) => {
        const window = new StreamWindow({ ...limits, messages: 8 }, 'recent');
        const received: number[] = [];
        let made = 0;
        for (const [index, one] of steps.entries()) {
          if (one === 'push' && !window.isFull) window.push(message(++made, made % 3));
          const { next } = window;
          if (one === 'send' && next !== undefined) {
            window.markSent();
            received.push(next.sequence);
          }
          if (one !== 'break') continue;
          const kept = Math.max(0, received.length - ((salt + index) % 5));
          if (kept < window.goneUpTo) continue;
          received.length = kept;
          window.rewind(kept);
        }
        for (let { next } = window; next !== undefined; { next } = window) {
          window.markSent();
          received.push(next.sequence);
        }
        assert.deepEqual(
          received,
          Array.from({ length: made }, (_, i) => i + 1),
        );
        assert.deepEqual([window.isDelivered, window.fill, window.pendingMessages <= 8], [true, 0, true]);
      }),
    );
  });
});

describe('Credit', () => {
  it('limits nothing until some is granted', () => {
    const credit = new Credit();
    credit.charge(1000, 1000);
    assert.equal(credit.isLeft, true);
    credit.grant(2, undefined);
    credit.charge(3, 10_000);
    assert.deepEqual([credit.isLeft, credit.allows(1), credit.allows(0)], [false, false, true]);
    credit.grant(1, undefined);
    assert.equal(credit.isLeft, false);
    credit.grant(1, 5);
    assert.equal(credit.isLeft, true);
    credit.charge(0, 5);
    assert.deepEqual([credit.isLeft, credit.allows(0)], [false, false]);
  });
});
