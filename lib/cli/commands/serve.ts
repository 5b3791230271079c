import { Option, type Command } from 'commander';
import type { Tier } from '../../api/types.js';
import type { ModelCapability } from '../../manager/model-source.js';
import type { ServerOptions } from '../../server/index.js';
import { addBackgroundFlags, backgroundFrom, type BackgroundFlags } from '../background-flags.js';
import { UsageError } from '../cli-error.js';
import { addRequestDefaultFlags, keysIn, requestDefaultsFrom } from '../request-default-flags.js';
import type { RequestDefaultFlags } from '../request-default-flags.js';
import {
  addLoadFlags,
  encoderFlags,
  loadOptionsFrom,
  placementFlags,
  servingFlags,
  templateFlags,
  type LoadFlags,
} from '../load-flags.js';
import { chooseModels, sayWhenEmber, type ModelChoice } from '../model-choice.js';
import { addMeasuringFlags, engineMeasuringFrom, measuringFrom, type MeasuringFlags } from '../measuring-flags.js';
import { modelSources, type ModelFlags } from '../model-sources.js';
import { collect, integerIn, nonEmpty } from '../option-parsers.js';
import { note, onBrokenPipe, print } from '../output.js';
import { listenOrExplain } from '../listen.js';
import { onStopSignal } from '../signals.js';
import { addStreamingFlags, streamingFrom, type StreamingFlags } from '../streaming-flags.js';
import { tryLine } from '../try-line.js';
import { addTracingFlags, tracingFrom, type TracingFlags } from '../tracing-flags.js';
import { tiers } from '../../native-types.js';

interface ServeOptions
  extends LoadFlags, ModelFlags, BackgroundFlags, MeasuringFlags, TracingFlags, RequestDefaultFlags, StreamingFlags {
  readonly model?: readonly string[];
  readonly alias?: string;
  readonly anyModelName?: boolean;
  readonly host: string;
  readonly port: number;
  readonly apiKey?: readonly string[];
  readonly apiKeyFile?: readonly string[];
  readonly vipKey?: readonly string[];
  readonly maxPriority?: Tier;
  readonly allowedHost?: readonly string[];
  readonly drainSeconds: number;
}

const mebibyte = 2 ** 20;
const maxMebibytes = 2 ** 30;
const longestTtlSeconds = 31_536_000;

const afterHelp = `
Examples:
  inferno serve
  inferno serve --model qwen.gguf --port 9000 --parallel 16
  inferno serve --model chat.gguf --model embed.gguf --api-key "$KEY"
  inferno serve --model bge-reranker.gguf       ranks documents: POST /v1/rerank
  inferno serve --model ./all-MiniLM-L6-v2      a folder with model.onnx and tokenizer.json
  inferno serve --model-autoload --memory-budget 8192 --pin ember

It answers at once: /health says that it lives, /health/ready answers 200 when the models are loaded.
Flags of llama-server are taken, too: docs/llama-server.md.
Ctrl-C or SIGTERM lets running answers finish (--drain-seconds) and exits 0; a second one exits at once.`;

async function choicesFor(options: ServeOptions): Promise<ModelChoice[]> {
  const { alias } = options;
  const asked = options.model ?? [];
  if (alias !== undefined && asked.length > 1) {
    throw new UsageError('--alias names one model, but several were given.', 'Serve one model, or leave out --alias.');
  }
  const choices = await chooseModels(asked, options.modelsDir);
  return alias === undefined ? choices : choices.map((choice) => ({ ...choice, id: alias }));
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/u;

/** Whoever has this machine to himself may ask for everything; where others can call, vip is for those with a vip key. */
function accessFrom({
  host,
  apiKey = [],
  apiKeyFile = [],
  vipKey = [],
  maxPriority,
}: ServeOptions): Partial<ServerOptions> {
  const apiKeys = [...new Set([...apiKey, ...apiKeyFile, ...vipKey])];
  const max = maxPriority ?? (apiKeys.length === 0 && loopback.test(host) ? 'vip' : 'high');
  const keys = Object.fromEntries(vipKey.map((key) => [key, { max: 'vip' }] as const));
  return { priorities: { max, keys }, ...(apiKeys.length === 0 ? {} : { apiKeys }) };
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

async function serve(options: ServeOptions): Promise<void> {
  const choices = await choicesFor(options);
  // The server goes on when whoever read its first line has gone.
  onBrokenPipe(() => undefined);
  choices.forEach(sayWhenEmber);
  const requestDefaults = await requestDefaultsFrom(options);
  const loaded = new Map<string, readonly ModelCapability[]>();
  const models = await modelSources(
    choices,
    { ...loadOptionsFrom(options), ...engineMeasuringFrom(options) },
    options,
    (id, capabilities) => loaded.set(id, capabilities),
  );
  const { stopped, release } = stopAsked();
  const server = await listenOrExplain({
    host: options.host,
    port: options.port,
    models,
    ...(options.memoryBudget === undefined ? {} : { memoryBudgetBytes: options.memoryBudget * mebibyte }),
    ...(options.anyModelName === true ? { anyModelName: true } : {}),
    ...(options.allowedHost === undefined ? {} : { allowedHosts: options.allowedHost }),
    ...accessFrom(options),
    ...requestDefaults,
    ...backgroundFrom(options),
    ...measuringFrom(options),
    ...streamingFrom(options),
    ...tracingFrom(options),
  });
  print(`Inferno listens on ${server.url}`);
  try {
    const outcome = await Promise.race([server.ready().then(() => 'loaded'), stopped.then(() => 'stopped')]);
    if (outcome === 'loaded') {
      print(`Ready: ${choices.map((choice) => choice.id).join(', ')}`);
      const modelId = choices[0]?.id ?? '';
      const needsKey = (options.apiKey ?? options.apiKeyFile ?? options.vipKey) !== undefined;
      print(`Try: ${tryLine(server.url, { modelId, capabilities: loaded.get(modelId) ?? [], needsKey })}`);
      await stopped;
    }
    note(`Stopping; running answers have ${String(options.drainSeconds)} s to finish.`);
  } finally {
    await server.close({ drainMs: options.drainSeconds * 1000 });
    release();
  }
}

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('start the OpenAI-compatible server')
    .option(
      '-m, --model <file|id>',
      'GGUF file, ONNX file or folder, or model id (repeatable); default: ember',
      collect,
    )
    .option('--models-dir <dir>', 'where models with ids lie; default: see `inferno models list`', nonEmpty)
    .option('--model-autoload', 'serve every model of that folder, loaded at its first request')
    .option(
      '--model-ttl <seconds>',
      'unload a model idle for so long; 0 is never; default: 300 for autoloaded, else never',
      integerIn(0, longestTtlSeconds),
    )
    .option('--memory-budget <mib>', 'memory for models; default: 90 % of what there is', integerIn(1, maxMebibytes))
    .option('--pin <id>', 'never unload this model to make room or for idleness (repeatable)', collect)
    .option('--alias <name>', 'serve the model under this id', nonEmpty)
    .option('--any-model-name', 'answer requests for unknown models with the first one, as llama-server does')
    .option('--host <address>', 'address to listen on', nonEmpty, '127.0.0.1')
    .option('-p, --port <n>', 'port to listen on; 0 takes a free one', integerIn(0, 65_535), 8080)
    .option('--allowed-host <name>', 'answer to this name in the Host header, too; * is any (repeatable)', collect)
    .option('--api-key <key>', 'ask for this key as a bearer token (repeatable)', collect)
    .option('--api-key-file <file>', 'file with such keys, one per line', keysIn)
    .option('--vip-key <key>', 'a key that may ask for priority vip (repeatable)', collect)
    .addOption(
      new Option(
        '--max-priority <tier>',
        'what others may ask for; default: vip on loopback without keys, else high',
      ).choices(tiers),
    )
    .option('--drain-seconds <n>', 'how long running answers may finish after a stop', integerIn(0, 86_400), 30);
  addBackgroundFlags(command);
  addMeasuringFlags(command);
  addStreamingFlags(command);
  addTracingFlags(command);
  addRequestDefaultFlags(command);
  addLoadFlags(command, [
    'ctxSize',
    'parallel',
    'threads',
    ...placementFlags,
    'batchSize',
    ...templateFlags,
    ...encoderFlags,
    ...servingFlags,
  ]);
  command.addHelpText('after', afterHelp).action(serve);
}
