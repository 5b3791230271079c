import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, streamText } from 'ai';
import { startServer, type TestServer } from '../support/with-server.js';

const prompt = 'Once upon a time';

describe('the AI SDK', () => {
  let server: TestServer;
  let provider: ReturnType<typeof createOpenAICompatible>;
  before(async () => {
    server = await startServer();
    provider = createOpenAICompatible({ name: 'inferno', baseURL: `${server.url}/v1`, includeUsage: true });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('generates text', async () => {
    const { text, finishReason, usage } = await generateText({
      model: provider('tiny'),
      prompt,
      temperature: 0,
      maxOutputTokens: 15,
    });
    assert.ok(text.length > 0);
    assert.equal(finishReason, 'length');
    assert.equal(usage.outputTokens, 15);
  });

  it('streams text', async () => {
    const settings = { model: provider('tiny'), prompt, temperature: 0, maxOutputTokens: 15 };
    const whole = await generateText(settings);
    const stream = streamText(settings);
    let text = '';
    for await (const delta of stream.textStream) text += delta;
    assert.equal(text, whole.text);
    assert.equal(await stream.finishReason, 'length');
  });

  it('sees errors as calls that failed', async () => {
    await assert.rejects(generateText({ model: provider('gpt-9'), prompt, maxRetries: 0 }), (error) => {
      assert.ok(APICallError.isInstance(error));
      assert.equal(error.statusCode, 404);
      return true;
    });
  });
});
