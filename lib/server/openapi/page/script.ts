/**
 * What the page at /docs does in the browser: it filters the routes and sends requests to the server that it came from.
 * Text goes into the page as text, never as markup. The page is whole without it.
 */
export const script = `
'use strict';
const filter = document.querySelector('#filter');
const key = document.querySelector('#key');
filter.closest('p').hidden = false;
key.closest('p').hidden = false;

filter.addEventListener('input', () => {
  const words = filter.value.toLowerCase().split(/\\s+/u).filter((word) => word !== '');
  for (const item of document.querySelectorAll('[data-text]')) {
    item.hidden = !words.every((word) => item.dataset.text.includes(word));
  }
});

function urlOf(form) {
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const input of form.querySelectorAll('input[name]')) {
    if (input.dataset.in === 'path') path = path.replace('{' + input.name + '}', encodeURIComponent(input.value));
    else if (input.value !== '') query.set(input.name, input.value);
  }
  const text = query.toString();
  return text === '' ? path : path + '?' + text;
}

async function show(response, output) {
  output.textContent = response.status + ' ' + response.statusText + '\\n\\n';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    output.append(value);
  }
  if (!(response.headers.get('content-type') || '').startsWith('application/json')) return;
  output.textContent = response.status + ' ' + response.statusText + '\\n\\n' + JSON.stringify(JSON.parse(text), null, 2);
}

async function send(form) {
  const output = form.querySelector('output');
  const button = form.querySelector('button');
  const body = form.querySelector('textarea');
  const headers = {};
  if (key.value !== '') headers.authorization = 'Bearer ' + key.value;
  if (body !== null) headers['content-type'] = 'application/json';
  output.hidden = false;
  output.textContent = '…';
  const stop = new AbortController();
  const abort = () => stop.abort();
  button.textContent = 'Stop';
  button.addEventListener('click', abort, { once: true });
  try {
    const init = { method: form.dataset.method, headers, signal: stop.signal };
    if (body !== null) init.body = body.value;
    await show(await fetch(urlOf(form), init), output);
  } catch (error) {
    output.append('\\n' + String(error));
  } finally {
    button.removeEventListener('click', abort);
    button.textContent = 'Send';
    delete form.dataset.busy;
  }
}

for (const form of document.querySelectorAll('form')) {
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (form.dataset.busy !== undefined) return;
    form.dataset.busy = '';
    void send(form);
  });
  const choice = form.querySelector('select');
  if (choice === null) continue;
  const examples = JSON.parse(choice.dataset.examples);
  choice.addEventListener('change', () => {
    form.querySelector('textarea').value = JSON.stringify(examples[choice.value], null, 2);
  });
}
`;
