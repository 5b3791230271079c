// The model calls a function, this program runs it, and the model goes on with its result.
import OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';

const url = process.env['INFERNO_URL'] ?? 'http://127.0.0.1:8080';
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env['INFERNO_API_KEY'] ?? 'none' });

const tools: ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather of a city.',
      parameters: { type: 'object', properties: { city: { enum: ['Oslo', 'Rome'] } }, required: ['city'] },
    },
  },
];

function weatherOf(city: unknown): string {
  return city === 'Oslo' ? 'rain, 8 °C' : 'sun, 24 °C';
}

const [served] = (await client.models.list()).data;
if (served === undefined) throw new Error('The server has no model.');
const model = served.id;
const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Is it raining in Oslo?' }];

const asked = await client.chat.completions.create({
  model,
  messages,
  tools,
  tool_choice: 'required',
  parallel_tool_calls: false,
  max_tokens: 128,
});
const said = asked.choices[0]?.message;
if (said?.tool_calls === undefined) throw new Error('The model called no function.');
messages.push(said);
for (const call of said.tool_calls) {
  if (call.type !== 'function') continue;
  const { city } = JSON.parse(call.function.arguments) as { readonly city?: unknown };
  console.log(`${call.function.name}(${JSON.stringify(city)})`);
  messages.push({ role: 'tool', tool_call_id: call.id, content: weatherOf(city) });
}

const answered = await client.chat.completions.create({ model, messages, max_tokens: 32 });
console.log(answered.choices[0]?.message.content);
