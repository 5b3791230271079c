/** Responses that are asked for in the background, fetched and cancelled as OpenAI's clients do. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { loadModel, type Model } from '../../lib/index.js';
import { JournalFolder } from '../background/journal-folder.js';
import { eventually, testModelPath } from '../support/with-server.js';
import { BackgroundServer } from './background-server.js';

const asked = { model: 'tiny', input: 'Once upon a time', temperature: 0, max_output_tokens: 16 };

function clientOf({ server }: BackgroundServer): OpenAI {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
}

async function ended(client: OpenAI, id: string): Promise<OpenAI.Responses.Response> {
  let response = await client.responses.retrieve(id);
  await eventually(`${id} has ended`, async () => {
    response = await client.responses.retrieve(id);
    return response.status !== 'queued' && response.status !== 'in_progress';
  });
  return response;
}

describe('background responses', () => {
  let model: Model;
  let folder: JournalFolder;
  before(async () => {
    model = await loadModel(testModelPath(), { contextSize: 1024, parallel: 2 });
    folder = await JournalFolder.make();
  });
  after(async () => {
    await model.unload();
    await folder[Symbol.asyncDispose]();
  });

  it('are queued, then complete with the answer of the foreground, also for a server that starts again', async () => {
    let id = '';
    let text = '';
    {
      await using server = await BackgroundServer.start(folder, [{ id: 'tiny', model }]);
      const client = clientOf(server);
      const foreground = await client.responses.create(asked);
      const first = await client.responses.create({ ...asked, background: true });
      assert.match(first.id, /^resp_/u);
      assert.ok(first.status === 'queued' || first.status === 'in_progress', first.status);
      const done = await ended(client, first.id);
      assert.deepEqual([done.id, done.status, done.background], [first.id, 'incomplete', true]);
      assert.equal(done.output_text, foreground.output_text);
      const next = await client.responses.create({ ...asked, input: 'And?', previous_response_id: first.id });
      assert.equal(next.previous_response_id, first.id);
      const later = { ...asked, input: 'And?', previous_response_id: first.id, background: true };
      const followed = await ended(client, (await client.responses.create(later)).id);
      assert.equal(followed.output_text, next.output_text);
      [id, text] = [first.id, done.output_text];
    }
    await using server = await BackgroundServer.start(folder, [{ id: 'tiny', model }]);
    const kept = await clientOf(server).responses.retrieve(id);
    assert.deepEqual([kept.id, kept.output_text], [id, text]);
  });

  it('are cancelled, and what has ended is not', async () => {
    await using server = await BackgroundServer.start(folder, [{ id: 'tiny', model }]);
    const client = clientOf(server);
    const endless = { ...asked, max_output_tokens: 900, ignore_eos: true, background: true };
    const started = await client.responses.create(endless);
    const cancelled = await client.responses.cancel(started.id);
    assert.equal(cancelled.status, 'cancelled');
    const foreground = await client.responses.create(asked);
    await assert.rejects(client.responses.cancel(foreground.id), OpenAI.BadRequestError);
    await assert.rejects(client.responses.cancel('resp_none'), OpenAI.NotFoundError);
    await client.responses.delete(started.id);
    await assert.rejects(client.responses.retrieve(started.id), OpenAI.NotFoundError);
  });

  it('are refused when they could not be fetched', async () => {
    await using server = await BackgroundServer.start(folder, [{ id: 'tiny', model }]);
    const wrong = await server.error('POST', '/v1/responses', 400, { ...asked, background: true, store: false });
    assert.equal(wrong.param, 'store');
  });
});
