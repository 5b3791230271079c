// One chat over HTTP with the installed package's own server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readJson, seconds } from './shell.mjs';

export const question = 'What is Inferno?';
const request = { messages: [{ role: 'user', content: question }], max_tokens: 32, stream: true };

/** The file behind `npx inferno`. */
export function cliFile(project) {
  const installed = join(project, 'node_modules/inferno-ai');
  return join(installed, readJson(join(installed, 'package.json')).bin.inferno);
}

async function urlOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /https?:\/\/[\w.:[\]]+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('The server ended before it listened.');
}

/** Text of the answer, and when its first token came. */
async function ask(url, beginMs) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`The chat got ${response.status}: ${await response.text()}`);
  let firstToken;
  let events = '';
  for await (const bytes of response.body) {
    events += Buffer.from(bytes).toString();
    if (/"content":"[^"]/.test(events)) firstToken ??= seconds(beginMs);
  }
  const chunks = [...events.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data));
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  if (text.trim() === '') throw new Error('The chat got an empty answer.');
  return { text: text.trim(), firstToken };
}

/** Starts the server in `project`, asks it, and stops it. */
export async function chat(node, project, env, beginMs = performance.now()) {
  const args = [cliFile(project), 'serve', '--port', '0'];
  const server = spawn(node, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    return await ask(await urlOf(server), beginMs);
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
  }
}
