/** A server with one sequence, on which a long generation runs, so that whatever comes waits. */
import { eventually, startServer, type TestServer, type TestServerOptions } from './with-server.js';
import { postText, RawConnection } from '../server/raw-connection.js';

export const completionsPath = '/v1/completions';
/** Runs for longer than a test looks. */
export const endless = { prompt: 'Once', max_tokens: 30_000, ignore_eos: true, stream: true } as const;

/** Sends a streamed request of `count` generations that go on until their client leaves. */
export async function sendEndless(server: TestServer, count = 1, fields: object = {}): Promise<RawConnection> {
  const connection = await RawConnection.open(server.port);
  const prompt = Array.from({ length: count }, () => endless.prompt);
  connection.send(postText(completionsPath, { ...endless, ...fields, prompt }, ['Authorization: Bearer any']));
  return connection;
}

/** The server as its one sequence has begun to work. */
export async function startBusyServer({ load, ...options }: TestServerOptions = {}): Promise<TestServer> {
  const server = await startServer({ load: { contextSize: 32_768, parallel: 1, ...load }, ...options });
  const first = await sendEndless(server);
  await first.until('data: ');
  return server;
}

/** Waits until that many generations wait for the model, and until the server, which looks now and then, knows. */
export async function untilQueued(server: TestServer, count: number): Promise<void> {
  await eventually(`${String(count)} generations wait`, async () => {
    const headers = { authorization: 'Bearer any' };
    const response = await fetch(`${server.url}/metrics/queue/status`, { headers });
    const { models } = (await response.json()) as { models: readonly { queued: number }[] };
    return models[0]?.queued === count;
  });
}
