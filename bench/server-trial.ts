/** One run against a fresh server by a fresh client, each on a core of its own. */
import type { Bench } from './bench.js';
import { LoadClient } from './client.js';
import { decodeRequest } from './decode-trial.js';
import type { RunningServer, ServerKind, ServerSetup } from './server-kind.js';

/** Longer than any run takes: a hang becomes a failure. */
export const hangMs = 1_800_000;
const warmUpTokens = 16;

export interface Trial {
  readonly server: RunningServer;
  readonly client: LoadClient;
}

/** `use` finds the server warm: the first requests of a process pay for what is made on first use. */
export async function onWarmServer<Result>(
  bench: Bench,
  kind: ServerKind,
  setup: Pick<ServerSetup, 'modelPath' | 'contextSize'> & { readonly parallel: number },
  use: (trial: Trial) => Promise<Result>,
): Promise<Result> {
  const { children, cores } = bench;
  const server = await kind.start(children, { ...setup, threads: 1, core: cores.server });
  try {
    const client = await LoadClient.start(children, cores.client);
    try {
      const requests = Array.from({ length: setup.parallel }, (_, stream) => decodeRequest(stream, warmUpTokens));
      await client.streams({ port: server.port, requests, capMs: hangMs });
      return await use({ server, client });
    } finally {
      await client.stop();
    }
  } finally {
    await server.stop();
  }
}
