import type { InfernoServer, ServerOptions } from '../server/server.js';
import { CliError } from './cli-error.js';

/** Starts the server; a port that is taken becomes an error that says what to do. */
export async function listenOrExplain(options: ServerOptions & { host: string; port: number }): Promise<InfernoServer> {
  const { createServer } = await import('../server/server.js');
  return createServer(options);
}
