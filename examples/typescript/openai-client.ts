// OpenAI's own client: npm install openai
import OpenAI from 'openai';

const url = process.env['INFERNO_URL'] ?? 'http://127.0.0.1:8080';
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env['INFERNO_API_KEY'] ?? 'none' });

const [model] = (await client.models.list()).data;
if (model === undefined) throw new Error('The server has no model.');
const request = {
  model: model.id,
  messages: [{ role: 'user' as const, content: 'What is Inferno?' }],
  max_tokens: 32,
};

const answer = await client.chat.completions.create(request);
console.log(answer.choices[0]?.message.content, answer.usage);

const stream = await client.chat.completions.create({ ...request, stream: true });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
console.log();
