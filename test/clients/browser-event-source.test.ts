/** The EventSource of a real browser: on a page of another origin, with a ticket for its key, over a line that breaks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { TextAnswer } from '../server/openai-shapes.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { startServer } from '../support/with-server.js';
import { startPage } from './empty-page.js';

interface Seen {
  readonly text: string;
  readonly names: readonly string[];
  readonly sequences: readonly number[];
  readonly opened: number;
  readonly end: string;
}

interface Asked {
  readonly url: string;
  /** A body to be posted for a ticket; else the URL is opened as it is. */
  readonly body?: object;
  readonly key?: string;
}

/** Runs in the page: a stream to its end, or to where the browser gives up. */
async function listen({ url, body, key }: Asked): Promise<Seen> {
  let target = url;
  if (body !== undefined) {
    const headers = {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const response = await fetch(`${url}/tickets`, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as { url?: string };
    if (answer.url === undefined)
      return { text: '', names: [], sequences: [], opened: 0, end: String(response.status) };
    target = new URL(answer.url, url).href;
  }
  return new Promise((resolve) => {
    const source = new EventSource(target);
    const [names, sequences]: [string[], number[]] = [[], []];
    let [text, opened] = ['', 0];
    // A method, since tsx would wrap a function with a name in something that the page does not have.
    const tab = {
      over(end: string): void {
        source.close();
        resolve({ text, names: [...new Set(names)], sequences, opened, end });
      },
    };
    source.onopen = () => {
      opened++;
    };
    for (const name of ['connection_info', 'resumed', 'chat_chunk', 'completion_chunk', 'done', 'error']) {
      source.addEventListener(name, (event) => {
        if (!(event instanceof MessageEvent)) {
          if (source.readyState === EventSource.CLOSED) tab.over('closed');
          return;
        }
        const message = JSON.parse(String(event.data)) as {
          sequence?: number;
          error?: { code: string };
          data?: { choices: { text?: string; delta?: { content?: string } }[] };
        };
        names.push(name);
        if (message.sequence !== undefined) sequences.push(message.sequence);
        text += message.data?.choices[0]?.text ?? message.data?.choices[0]?.delta?.content ?? '';
        if (name === 'done') tab.over('done');
        if (name === 'error') tab.over(message.error?.code ?? 'error');
      });
    }
  });
}

/** A line to the server that is cut after so many bytes of each answer that is a stream, the last ones excepted. */
async function startBreakingLine(
  port: number,
  breaks: number,
  bytes: number,
): Promise<{ url: string } & AsyncDisposable> {
  let left = breaks;
  const sockets = new Set<Socket>();
  const line = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    let received = 0;
    let isStream = false;
    sockets.add(client).add(server);
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => client.end());
    client.pipe(server);
    server.on('data', (data: Buffer) => {
      isStream ||= data.includes('text/event-stream');
      const room = bytes - received;
      if (isStream) received += data.length;
      if (left === 0 || !isStream || data.length <= room) {
        client.write(data);
        return;
      }
      left--;
      // An end in the middle of a chunk is no end: the browser takes what came and asks for the rest.
      client.end(data.subarray(0, Math.max(0, room)));
      server.destroy();
    });
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  const url = `http://127.0.0.1:${String((line.address() as AddressInfo).port)}`;
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    line.close();
    await once(line, 'close');
  };
  return { url, [Symbol.asyncDispose]: dispose };
}

const path = '/v1/stream/sse';
/** With logprobs each token is an event of its own, however busy the machine is. */
const body = { prompt: 'Once upon a time', temperature: 0.8, seed: 7, max_tokens: 120, ignore_eos: true, logprobs: 0 };
const load = { contextSize: 2048, parallel: 4 };
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a browser with an EventSource', { skip: skipWithoutChromium }, () => {
  it('streams, and goes on by itself where its line broke: each event once', async () => {
    await using page = await startPage();
    await using server = await startServer({
      load,
      apiKeys: ['browser-key'],
      cors: [page.url],
      eventStreams: { retryMs: 50 },
      // So that so many bytes are so many events.
      compression: false,
    });
    const headers = { authorization: 'Bearer browser-key' };
    const whole = (await (await server.post('/v1/completions', body, headers)).json()) as TextAnswer;
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      await tab.goto(page.url);
      const straight = await tab.evaluate(listen, { url: server.url + path, body, key: 'browser-key' });
      assert.deepEqual([straight.end, straight.opened], ['done', 1]);
      assert.equal(straight.text, whole.choices[0]?.text);
      assert.deepEqual(straight.sequences, upTo(straight.sequences.length));
      assert.deepEqual(straight.names, ['connection_info', 'completion_chunk', 'done']);

      await using line = await startBreakingLine(server.port, 3, 4000);
      const broken = await tab.evaluate(listen, { url: line.url + path, body, key: 'browser-key' });
      assert.deepEqual([broken.end, broken.opened], ['done', 4]);
      assert.equal(broken.text, whole.choices[0]?.text);
      assert.deepEqual(broken.sequences, upTo(broken.sequences.length));
      assert.ok(broken.names.includes('resumed'));

      const refused = await tab.evaluate(listen, { url: server.url + path, body, key: 'wrong' });
      assert.equal(refused.end, '401');
      const keyless = await tab.evaluate(listen, { url: `${server.url}${path}?prompt=Once` });
      assert.equal(keyless.end, 'closed');
    } finally {
      await browser.close();
    }
    await server.settled();
  });

  it('asks in the URL where no key is needed, and not from pages that may not', async () => {
    await using allowed = await startPage();
    await using other = await startPage();
    await using server = await startServer({ load, cors: [allowed.url] });
    const messages = JSON.stringify([{ role: 'user', content: 'Hello' }]);
    const query = new URLSearchParams({
      messages,
      max_tokens: '20',
      temperature: '0',
      ignore_eos: 'true',
      model: 'tiny',
    });
    const url = `${server.url}${path}?${query.toString()}`;
    const browser = await launchChromium();
    try {
      const ask = async (from: string): Promise<Seen> => {
        const tab = await browser.newPage();
        await tab.goto(from);
        const seen = await tab.evaluate(listen, { url });
        await tab.close();
        return seen;
      };
      const seen = await ask(allowed.url);
      assert.deepEqual([seen.end, seen.names], ['done', ['connection_info', 'chat_chunk', 'done']]);
      assert.ok(seen.text.length > 0);
      assert.equal((await ask(`${server.url}/health`)).text, seen.text);
      assert.equal((await ask(other.url)).end, 'closed');
    } finally {
      await browser.close();
    }
    await server.settled();
  });
});
