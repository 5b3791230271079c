// A chat, answered whole, with nothing but fetch.
const url = process.env.INFERNO_URL ?? 'http://127.0.0.1:8080';
const key = process.env.INFERNO_API_KEY ?? 'none';

const response = await fetch(`${url}/v1/chat/completions`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  body: JSON.stringify({ messages: [{ role: 'user', content: 'What is Inferno?' }], max_tokens: 32 }),
});
const answer = await response.json();
if (!response.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
console.log(answer.choices[0].message.content);
