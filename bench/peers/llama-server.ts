/** llama.cpp's own HTTP server. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { untilReady } from '../processes.js';
import type { ServerKind, ServerSetup } from '../server-kind.js';
import type { PeerTools } from './tools.js';

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port was found.');
  return address.port;
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}/health`);
    await response.text();
    return response.ok;
  } catch {
    // Not listening yet.
    return false;
  }
}

function flags(
  { modelPath, parallel, contextSize, threads }: ServerSetup,
  port: number,
  httpThreads: number,
): string[] {
  const args = ['--model', modelPath, '--host', '127.0.0.1', '--port', String(port), '--offline'];
  // Its context is shared out among its slots.
  const slots = parallel === 'default' ? 1 : parallel;
  args.push('--ctx-size', String(contextSize * slots));
  if (parallel !== 'default') args.push('--parallel', String(parallel), '--threads-http', String(httpThreads));
  if (threads !== 'default') args.push('--threads', String(threads));
  return args;
}

/** Each stream keeps one of its HTTP threads. */
export function llamaServer(tools: PeerTools, httpThreads = 64): ServerKind {
  return {
    name: 'llama-server',
    async start(children, setup) {
      const port = await freePort();
      const child = children.start({
        file: tools.path('llama-server'),
        args: flags(setup, port, httpThreads),
        core: setup.core,
      });
      await untilReady(child, 'it loaded its model', () => isHealthy(port));
      return { port, pid: child.pid, stop: () => child.stop() };
    },
  };
}
