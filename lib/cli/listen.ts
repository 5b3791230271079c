import { once } from 'node:events';
import { createServer as createProbe } from 'node:net';
import { InfernoError } from '../errors.js';
import type { InfernoServer, ServerOptions } from '../server/index.js';
import { CliError } from './cli-error.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** uWebSockets.js says only that it cannot listen; Node's own attempt says why. */
async function whyNot({ host, port }: Address): Promise<string | undefined> {
  const probe = createProbe();
  try {
    const listening = once(probe, 'listening');
    probe.listen(port, host);
    await listening;
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : undefined;
  } finally {
    probe.close();
  }
}

function explain(reason: string | undefined, { host, port }: Address): CliError {
  switch (reason) {
    case 'EADDRINUSE': {
      const remedy = `Stop what uses it, choose another with --port, or let the system choose with --port 0.`;
      return new CliError('port_in_use', `Port ${String(port)} on ${host} is in use.`, remedy);
    }
    case 'EACCES':
      return new CliError(
        'port_forbidden',
        `Port ${String(port)} needs more rights than this process has.`,
        'Choose a --port from 1024 on.',
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CliError(
        'address_unavailable',
        `${host} is not an address of this machine.`,
        'Use --host 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses.',
      );
    default:
      return new CliError(
        'cannot_listen',
        `Cannot listen on ${host}, port ${String(port)}.`,
        'Choose another --host or --port.',
      );
  }
}

/** Starts the server. A port or an address that cannot be had becomes an error that says what to do. */
export async function listenOrExplain(options: ServerOptions & Address): Promise<InfernoServer> {
  // Here, so that --help and a wrong flag answer without loading the server.
  const { createServer } = await import('../server/index.js');
  try {
    return await createServer(options);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    // Only this code is about the address.
    if (InfernoError.isInstance(error) && error.code !== 'invalid_argument') throw error;
    throw explain(await whyNot(options), options);
  }
}
