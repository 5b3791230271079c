// A chat, printed as it comes. An event ends with an empty line, and may arrive in pieces.
const url = process.env.INFERNO_URL ?? 'http://127.0.0.1:8080';
const key = process.env.INFERNO_API_KEY ?? 'none';

const response = await fetch(`${url}/v1/chat/completions`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  body: JSON.stringify({
    messages: [{ role: 'user', content: 'Count from one to five.' }],
    max_tokens: 32,
    stream: true,
  }),
});
if (!response.ok) throw new Error(await response.text());

const decoder = new TextDecoder();
let buffered = '';
for await (const bytes of response.body) {
  buffered += decoder.decode(bytes, { stream: true });
  const events = buffered.split('\n\n');
  buffered = events.pop() ?? '';
  for (const event of events) {
    const data = event.startsWith('data: ') ? event.slice('data: '.length) : '[DONE]';
    if (data === '[DONE]') continue;
    const chunk = JSON.parse(data);
    if (chunk.error !== undefined) throw new Error(chunk.error.message);
    for (const choice of chunk.choices) process.stdout.write(choice.delta.content ?? '');
  }
}
console.log();
