// Two answers at once over one WebSocket: docs/websocket.md. Node.js has had WebSocket since version 22; before, `npm install ws`.
const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket;
const url = (process.env.INFERNO_URL ?? 'http://127.0.0.1:8080').replace(/^http/u, 'ws');
const key = process.env.INFERNO_API_KEY ?? 'none';

const socket = new WebSocket(`${url}/ws/stream`, ['inferno.v1', `inferno.key.${encodeURIComponent(key)}`]);
const texts = new Map([
  ['one', ''],
  ['two', ''],
]);
let open = texts.size;

socket.addEventListener('open', () => {
  for (const id of texts.keys()) {
    const data = { messages: [{ role: 'user', content: `Say the word ${id}.` }], max_tokens: 16 };
    socket.send(JSON.stringify({ type: 'chat_request', id, data }));
  }
});
socket.addEventListener('message', (event) => {
  const message = JSON.parse(event.data);
  if (message.type === 'chat_chunk') {
    const said = message.data.choices.map((choice) => choice.delta.content ?? '').join('');
    texts.set(message.id, texts.get(message.id) + said);
  } else if (message.type === 'error') {
    console.error(message.error.message);
    process.exitCode = 1;
    socket.close();
  } else if (message.type === 'done') {
    console.log(`${message.id}: ${texts.get(message.id)}`);
    open--;
    if (open === 0) socket.close();
  }
});
socket.addEventListener('error', () => {
  console.error(`There is no server at ${url}.`);
  process.exitCode = 1;
});
