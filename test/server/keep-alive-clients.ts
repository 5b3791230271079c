/** Many small streams over few connections, through the two HTTP clients that Node programs use. */
import { Agent, request } from 'node:http';
import { Pool } from 'undici';

export interface KeepAliveResult {
  readonly complete: number;
  /** What went wrong, at most ten of them. */
  readonly failures: readonly string[];
}

const body = JSON.stringify({ prompt: 'Once', max_tokens: 2, stream: true });
const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
const path = '/v1/completions';

/** Runs `one` `count` times, `concurrency` at a time; it resolves with the text of a stream. */
async function repeat(count: number, concurrency: number, one: () => Promise<string>): Promise<KeepAliveResult> {
  let [started, complete] = [0, 0];
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    while (started < count) {
      started++;
      try {
        const text = await one();
        if (text.endsWith('data: [DONE]\n\n')) complete++;
        else failures.push(`incomplete: ${text.slice(-200)}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { complete, failures: failures.slice(0, 10) };
}

export async function streamThroughAgent(url: string, count: number, concurrency: number): Promise<KeepAliveResult> {
  // As many sockets as requests at once: with fewer, Node's agent hands out sockets that are closing.
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const one = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(url + path, { agent, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve(text);
        });
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  try {
    return await repeat(count, concurrency, one);
  } finally {
    agent.destroy();
  }
}

export async function streamThroughUndici(url: string, count: number, concurrency: number): Promise<KeepAliveResult> {
  const pool = new Pool(url, { connections: concurrency });
  const one = async (): Promise<string> => {
    const response = await pool.request({ path, method: 'POST', headers, body });
    return response.body.text();
  };
  try {
    return await repeat(count, concurrency, one);
  } finally {
    await pool.close();
  }
}
