import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GenerationEnd } from '../../lib/api/token-sink.js';
import { lineFraming } from '../../lib/server/answer-format.js';
import { ChatFormat } from '../../lib/server/chat-format.js';
import type { Frames } from '../../lib/server/choice-frames.js';
import type { FrameBatching } from '../../lib/server/frame-batching.js';
import { resolveTokenBatching } from '../../lib/server/frame-batching.js';
import type { ServedModel } from '../../lib/server/model-catalog.js';
import { StreamedChoice } from '../../lib/server/streamed-choice.js';
import { startServer, type TestServer } from '../support/with-server.js';
import { SocketClient } from '../websocket/socket-client.js';
import { EventClient } from '../sse/event-client.js';
import { eventsOf } from './event-texts.js';
import type { TextAnswer } from './openai-shapes.js';

interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly { readonly function: { readonly name?: string; readonly arguments?: string } }[];
}

/** A clock that stands until it is told how much time has passed. */
class StandingClock {
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  #nowMs = 0;

  readonly start: FrameBatching['startTimer'] = (callback, ms) => {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get running(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** A choice that is told what the engine says, and what it writes. */
class ObservedChoice {
  readonly clock = new StandingClock();
  readonly writes: Frames[] = [];
  readonly choice: StreamedChoice;

  constructor(maxTokens = 3, maxDelayMs = 50) {
    const format = new ChatFormat({ id: 'm', fingerprint: 'f' } as ServedModel, 1, false, lineFraming);
    const taker = {
      write: (frames: Frames) => this.writes.push(frames),
      choiceEnded: (_index: number, _end: GenerationEnd, _opened: boolean, frames: Frames) => this.writes.push(frames),
    };
    const batching = { maxTokens, maxDelayMs, startTimer: this.clock.start };
    this.choice = new StreamedChoice(taker, format, 0, batching);
  }

  /** One wake that brings one token of each. */
  say(...texts: string[]): void {
    for (const text of texts) this.choice.onText(text, 1, undefined);
    this.choice.onFlush();
  }

  /** What stands in the frames so far, without the opening one. */
  get deltas(): Delta[] {
    const lines = this.writes.flatMap(({ parts }) => parts.split('\n').filter((line) => line !== ''));
    const deltas = lines.map((line) => (JSON.parse(line) as { choices: { delta: Delta }[] }).choices[0]?.delta ?? {});
    return deltas.slice(1);
  }

  get contents(): (string | undefined)[] {
    return this.deltas.map(({ content }) => content);
  }

  get tokens(): number {
    return this.writes.reduce((sum, { tokens }) => sum + tokens, 0);
  }
}

describe('token batching', () => {
  it('sends the first token at once and then three to a frame: 1 + ⌈(n - 1) / 3⌉ frames for n tokens', () => {
    const observed = new ObservedChoice();
    observed.say('a');
    assert.deepEqual(observed.contents, ['a']);
    assert.equal(observed.clock.running, 0);
    for (const text of 'bcdefghi') observed.say(text);
    assert.deepEqual(observed.contents, ['a', 'bcd', 'efg']);
    observed.choice.onEnd({} as GenerationEnd);
    observed.choice.onFlush();
    assert.deepEqual(observed.contents, ['a', 'bcd', 'efg', 'hi']);
    assert.equal(observed.tokens, 9);
    assert.equal(observed.clock.running, 0);
  });

  it('lets no token wait longer than 50 ms, counted from the first one of its frame', () => {
    const observed = new ObservedChoice();
    observed.say('a');
    observed.say('b');
    observed.clock.pass(30);
    observed.say('c');
    observed.clock.pass(19);
    assert.deepEqual(observed.contents, ['a']);
    observed.clock.pass(1);
    assert.deepEqual(observed.contents, ['a', 'bc']);
    observed.clock.pass(1000);
    observed.say('d');
    observed.clock.pass(49);
    assert.deepEqual(observed.contents, ['a', 'bc']);
    observed.clock.pass(1);
    assert.deepEqual(observed.contents, ['a', 'bc', 'd']);
    assert.equal(observed.clock.running, 0);
  });

  it('restarts the time with each frame', () => {
    const observed = new ObservedChoice();
    observed.say('a');
    observed.say('b');
    observed.clock.pass(40);
    observed.say('c', 'd', 'e');
    assert.deepEqual(observed.contents, ['a', 'bcd']);
    observed.clock.pass(40);
    assert.deepEqual(observed.contents, ['a', 'bcd']);
    observed.clock.pass(10);
    assert.deepEqual(observed.contents, ['a', 'bcd', 'e']);
  });

  it('puts no more than three tokens into a frame, however many come together', () => {
    const observed = new ObservedChoice();
    observed.say('a', 'b', 'c', 'd', 'e');
    assert.deepEqual(observed.contents, ['abc', 'de']);
    observed.say('f', 'g', 'h', 'i');
    assert.deepEqual(observed.contents, ['abc', 'de', 'fgh']);
    // What the engine held back for several tokens cannot be divided.
    observed.choice.onText('jklm', 4, undefined);
    observed.choice.onFlush();
    assert.deepEqual(observed.contents, ['abc', 'de', 'fgh', 'i', 'jklm']);
    assert.equal(observed.tokens, 13);
  });

  it('keeps thoughts, calls and text apart and in order', () => {
    const observed = new ObservedChoice();
    const { choice } = observed;
    choice.onDelta({ kind: 'reasoning', text: 'so' }, 1, undefined);
    choice.onFlush();
    choice.onDelta({ kind: 'reasoning', text: ' I' }, 1, undefined);
    choice.onText('Hi', 1, undefined);
    choice.onFlush();
    choice.onDelta({ kind: 'call', call: 0, id: 'c', name: 'f' }, 1, undefined);
    choice.onDelta({ kind: 'arguments', call: 0, text: '{\\"a\\"' }, 1, undefined);
    choice.onFlush();
    choice.onDelta({ kind: 'arguments', call: 0, text: ':1}' }, 1, undefined);
    choice.onFlush();
    observed.clock.pass(50);
    const said = observed.deltas.map(
      ({ content, reasoning_content: thought, tool_calls: [call] = [] }) =>
        content ?? thought ?? call?.function.name ?? call?.function.arguments,
    );
    assert.deepEqual(said, ['so', ' I', 'Hi', 'f', '{"a":1}']);
  });

  it('takes options in their ranges only', () => {
    const { enabled, frames } = resolveTokenBatching();
    assert.deepEqual([enabled, frames.maxTokens, frames.maxDelayMs], [false, 3, 50]);
    assert.equal(resolveTokenBatching(true).enabled, true);
    for (const wrong of [{ maxTokens: 0 }, { maxTokens: 1.5 }, { maxDelayMs: 0 }, { maxDelayMs: 100_000 }]) {
      assert.throws(() => resolveTokenBatching(wrong), RangeError);
    }
  });
});

/** As long as a test runs: every frame is full, whatever the machine is doing. */
const maxDelayMs = 60_000;
const load = { contextSize: 1024, parallel: 4 };
const tokens = 40;
const body = { prompt: 'Once upon a time', temperature: 0, max_tokens: tokens, ignore_eos: true, logprobs: 0 };

/** Frames with text, by how many tokens each has. */
function isBatched(sizes: readonly number[]): void {
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    tokens,
  );
  assert.ok(Math.max(...sizes) <= 3, `a frame had ${String(Math.max(...sizes))} tokens`);
  // The first wake brought one token or more; what comes behind is full but for the last one.
  assert.ok(
    sizes.length <= 1 + Math.ceil((tokens - 1) / 3),
    `${String(sizes.length)} frames for ${String(tokens)} tokens`,
  );
}

type TextChoice = { readonly logprobs?: { readonly tokens?: readonly string[] } | null } | undefined;
const sizeOf = (choice: TextChoice): number => choice?.logprobs?.tokens?.length ?? 0;

async function sseSizes(server: TestServer, path = '/v1/completions'): Promise<{ sizes: number[]; text: string }> {
  const events = eventsOf(await (await server.post(path, { ...body, stream: true })).text()).slice(0, -1);
  const choices = events.map((event) => (JSON.parse(event) as TextAnswer).choices[0]);
  return {
    sizes: choices.map((choice) => sizeOf(choice as TextChoice)).filter((size) => size > 0),
    text: choices.map((choice) => choice?.text ?? '').join(''),
  };
}

describe('batched streams', () => {
  it('are those that ask for it, over WebSockets and as named events, and say what the others say', async () => {
    await using server = await startServer({ load, tokenBatching: { maxDelayMs } });
    const plain = await sseSizes(server);
    // One step of the engine, one frame; guesses that were right come together.
    assert.ok(plain.sizes.length >= tokens / 2, `${String(plain.sizes.length)} frames`);
    const events = await EventClient.open(server, { body: { ...body, token_batching: true } });
    await events.event('done');
    isBatched(events.chunks.map(({ data }) => sizeOf(data.data?.choices[0])).filter((size) => size > 0));
    assert.equal(events.text(), plain.text);
    const client = await SocketClient.open(server);
    client.send({ type: 'completion_request', id: 'a', data: body, token_batching: true });
    await client.done('a');
    isBatched(
      client
        .of('a')
        .map(({ data }) => sizeOf(data?.choices[0] as TextChoice))
        .filter((size) => size > 0),
    );
    assert.equal(client.text('a'), plain.text);
    await client.close();
  });

  it('are all but those that do not want it, when the server is told so', async () => {
    await using server = await startServer({ load, tokenBatching: { enabled: true, maxDelayMs } });
    const batched = await sseSizes(server);
    isBatched(batched.sizes);
    const events = await EventClient.open(server, { body: { ...body, token_batching: false } });
    await events.event('done');
    const sizes = events.chunks.map(({ data }) => sizeOf(data.data?.choices[0])).filter((size) => size > 0);
    assert.ok(sizes.length > batched.sizes.length);
    assert.equal(events.text(), batched.text);
  });
});
