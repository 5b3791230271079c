import type { Command } from 'commander';
import type { InfernoServer } from '../../server/index.js';
import { UsageError } from '../cli-error.js';
import { addLoadFlags, loadOptionsFrom, type LoadFlags } from '../load-flags.js';
import { chooseModels, sayWhenEmber, type ModelChoice } from '../model-choice.js';
import { ModelLoads } from '../model-loads.js';
import { collect, integerIn, nonEmpty } from '../option-parsers.js';
import { note, onBrokenPipe, print } from '../output.js';
import { listenOrExplain } from '../listen.js';
import { onStopSignal } from '../signals.js';

interface ServeOptions extends LoadFlags {
  readonly model?: readonly string[];
  readonly alias?: string;
  readonly host: string;
  readonly port: number;
  readonly apiKey?: readonly string[];
  readonly drainSeconds: number;
}

const afterHelp = `
Examples:
  inferno serve
  inferno serve --model qwen.gguf --port 9000 --parallel 16
  inferno serve --model chat.gguf --model embed.gguf --api-key "$KEY"

It answers at once: /health says that it lives, /health/ready answers 200 when the models are loaded.
Ctrl-C or SIGTERM lets running answers finish (--drain-seconds) and exits 0; a second one exits at once.`;

async function choicesFor(options: ServeOptions): Promise<ModelChoice[]> {
  const { alias } = options;
  const asked = options.model ?? [];
  if (alias !== undefined && asked.length > 1) {
    throw new UsageError('--alias names one model, but several were given.', 'Serve one model, or leave out --alias.');
  }
  const choices = await chooseModels(asked);
  return alias === undefined ? choices : choices.map((choice) => ({ ...choice, id: alias }));
}

/** A shell command that gets an answer, to be copied. An address that means "all" is no address to call. */
function tryLine(listenUrl: string, modelId: string, needsKey: boolean): string {
  const url = listenUrl.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const key = needsKey ? ' -H "Authorization: Bearer $KEY"' : '';
  const body = JSON.stringify({ model: modelId, messages: [{ role: 'user', content: 'Hello!' }] });
  return `curl -s ${url}/v1/chat/completions -H "Content-Type: application/json"${key} -d '${body}'`;
}

/** Resolves at the first stop signal. */
function stopAsked(): { readonly stopped: Promise<void>; readonly release: () => void } {
  let release: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    release = onStopSignal(() => {
      resolve();
    });
  });
  return { stopped, release };
}

async function shutDown(server: InfernoServer, loads: ModelLoads, drainSeconds: number): Promise<void> {
  loads.cancel();
  await server.close({ drainMs: drainSeconds * 1000 });
  await loads.unload();
}

async function serve(options: ServeOptions): Promise<void> {
  const choices = await choicesFor(options);
  // The server goes on when whoever read its first line has gone.
  onBrokenPipe(() => undefined);
  choices.forEach(sayWhenEmber);
  const loads = new ModelLoads(choices, loadOptionsFrom(options));
  const { stopped, release } = stopAsked();
  const server = await listenOrExplain({
    host: options.host,
    port: options.port,
    models: loads.sources,
    ...(options.apiKey === undefined ? {} : { apiKeys: options.apiKey }),
  });
  print(`Inferno listens on ${server.url}`);
  try {
    const outcome = await Promise.race([loads.run(), stopped.then(() => 'stopped' as const)]);
    if (outcome === 'loaded') {
      print(`Ready: ${choices.map((choice) => choice.id).join(', ')}`);
      print(`Try: ${tryLine(server.url, choices[0]?.id ?? '', options.apiKey !== undefined)}`);
      await stopped;
    }
    note(`Stopping; running answers have ${String(options.drainSeconds)} s to finish.`);
  } finally {
    await shutDown(server, loads, options.drainSeconds);
    release();
  }
}

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('start the OpenAI-compatible server')
    .option('-m, --model <file|id>', 'GGUF file or model id (repeatable); default: ember', collect)
    .option('--alias <name>', 'serve the model under this id', nonEmpty)
    .option('--host <address>', 'address to listen on', nonEmpty, '127.0.0.1')
    .option('-p, --port <n>', 'port to listen on; 0 takes a free one', integerIn(0, 65_535), 8080)
    .option('--api-key <key>', 'ask for this key as a bearer token (repeatable)', collect)
    .option('--drain-seconds <n>', 'how long running answers may finish after a stop', integerIn(0, 86_400), 30);
  addLoadFlags(command, ['ctxSize', 'parallel', 'threads', 'batchSize']);
  command.addHelpText('after', afterHelp).action(serve);
}
