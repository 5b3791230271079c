/** The WebSocket of a real browser, on a page of another origin and on one of the server's own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { startServer } from '../support/with-server.js';
import { startPage } from './empty-page.js';

/** Runs in the page: a chat to its end; resolves with the text, or with how the connection closed. */
async function chat({ url, protocols }: { url: string; protocols: string[] }): Promise<string> {
  const socket = new WebSocket(url, protocols);
  return new Promise((resolve) => {
    let text = '';
    socket.onopen = () => {
      const data = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 20, temperature: 0, ignore_eos: true };
      socket.send(JSON.stringify({ type: 'chat_request', id: 'a', data }));
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as {
        type: string;
        data?: { choices: { delta: { content?: string } }[] };
        usage?: { completion_tokens: number };
      };
      text += message.data?.choices[0]?.delta.content ?? '';
      if (message.type !== 'done' && message.type !== 'error') return;
      socket.close(1000);
      resolve(`${socket.protocol} ${message.type} ${String(message.usage?.completion_tokens)} ${text}`);
    };
    socket.onclose = ({ code }) => {
      resolve(`closed ${String(code)}`);
    };
  });
}

describe('a browser', { skip: skipWithoutChromium }, () => {
  it('chats over a WebSocket with its key as a subprotocol, from allowed pages only', async () => {
    await using allowed = await startPage();
    await using other = await startPage();
    await using server = await startServer({ apiKeys: ['browser-key%'], cors: [allowed.url] });
    const browser = await launchChromium();
    try {
      const url = `${server.url.replace('http', 'ws')}/ws/stream`;
      const protocols = ['inferno.v1', `inferno.key.${encodeURIComponent('browser-key%')}`];
      const ask = async (page: string, offered: string[]): Promise<string> => {
        const tab = await browser.newPage();
        await tab.goto(page);
        const answer = await tab.evaluate(chat, { url, protocols: offered });
        await tab.close();
        return answer;
      };
      assert.match(await ask(allowed.url, protocols), /^inferno\.v1 done 20 ./su);
      assert.match(await ask(`${server.url}/health`, protocols), /^inferno\.v1 done 20 ./su);
      assert.equal(await ask(other.url, protocols), 'closed 1006');
      assert.equal(await ask(allowed.url, ['inferno.v1']), 'closed 1006');
    } finally {
      await browser.close();
    }
    await server.settled();
  });
});
