/** Functions and structured output with the frameworks that people build on, unmodified. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, jsonSchema, Output, streamText, tool, type ToolSet } from 'ai';
import { z } from 'zod';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';

const prompt = 'Once upon a time';
const city = z.object({ city: z.enum(['Rome', 'Oslo']), days: z.number().int().min(1).max(3) });

describe('functions and structured output', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { chatTemplate: toolTemplate } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const models = {
    'the AI SDK over chats': () =>
      createOpenAICompatible({ name: 'inferno', baseURL: `${server.url}/v1`, supportsStructuredOutputs: true })('tiny'),
    'the AI SDK over responses': () => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' })('tiny'),
  };
  for (const [name, model] of Object.entries(models)) {
    it(`${name}: a call, whole and streamed`, async () => {
      // The SDK's own types do not fit each other under exactOptionalPropertyTypes.
      const tools = { weather: tool({ description: 'Weather of a city.', inputSchema: city }) } as ToolSet;
      const settings = {
        model: model(),
        prompt,
        tools,
        toolChoice: 'required' as const,
        maxOutputTokens: 200,
        temperature: 0,
      };
      const { toolCalls } = await generateText(settings);
      const [call] = toolCalls;
      assert.equal(call?.toolName, 'weather');
      assert.ok(city.safeParse(call.input).success, JSON.stringify(call.input));
      const streamed = await streamText(settings).toolCalls;
      assert.deepEqual(streamed[0]?.input, call.input);
    });

    it(`${name}: an object`, async () => {
      const { output } = await generateText({
        model: model(),
        prompt,
        output: Output.object({ schema: city }),
        maxOutputTokens: 200,
      });
      assert.ok(city.safeParse(output).success, JSON.stringify(output));
      const free = jsonSchema<{ name: string }>({
        type: 'object',
        properties: { name: { type: 'string', minLength: 1, maxLength: 8 } },
        required: ['name'],
        additionalProperties: false,
      });
      const named = await generateText({
        model: model(),
        prompt,
        output: Output.object({ schema: free }),
        maxOutputTokens: 200,
      });
      assert.ok(named.output.name.length >= 1 && named.output.name.length <= 8);
    });
  }

  it('LangChain: a call, an object and a stream', async () => {
    const chat = new ChatOpenAI({
      model: 'tiny',
      apiKey: 'none',
      temperature: 0,
      maxTokens: 200,
      configuration: { baseURL: `${server.url}/v1` },
    });
    const weather = { type: 'function' as const, function: { name: 'weather', parameters: z.toJSONSchema(city) } };
    const called = await chat.bindTools([weather], { tool_choice: 'weather' }).invoke(prompt);
    assert.equal(called.tool_calls?.[0]?.name, 'weather');
    assert.ok(city.safeParse(called.tool_calls[0].args).success);
    const structured = chat.withStructuredOutput(city, { method: 'jsonSchema', name: 'city' });
    assert.ok(city.safeParse(await structured.invoke(prompt)).success);
    const whole = await chat.invoke(prompt);
    let text = '';
    for await (const chunk of await chat.stream(prompt)) text += chunk.text;
    assert.equal(text, whole.text);
  });
});
