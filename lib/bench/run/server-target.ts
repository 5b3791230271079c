/** A running OpenAI-compatible server. Its memory is known when it tells (`/metrics`) or when its process is named. */
import { z } from 'zod';
import { HttpTransport } from '../load/http-transport.js';
import type { OpenAiApi } from '../load/openai-stream.js';
import { runLoad } from '../load/run-load.js';
import { memoryOf } from '../measure/process-memory.js';
import { metricSum } from '../measure/prometheus-text.js';
import { probeWords, randomText } from './bench-prompts.js';
import type { BenchTarget, MemoryReading } from './bench-target.js';

export interface ServerOptions {
  readonly url: string;
  readonly api: OpenAiApi;
  /** Default: the first that `/v1/models` names. */
  readonly model?: string;
  readonly apiKey?: string;
  /** Of the server's process, on this machine. */
  readonly pid?: number;
  /** See `OpenAiTarget`. */
  readonly exactLength: boolean;
}

/** The server cannot be benchmarked; `message` says why. */
export class BenchTargetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BenchTargetError';
  }
}

const modelList = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });
const answerMs = 10_000;

/** `http://host:port`, whether or not the URL ends in /v1. */
function rootOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/u, '').replace(/\/v1$/u, '');
}

async function get({ url, apiKey }: ServerOptions, path: string, signal: AbortSignal): Promise<Response> {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return fetch(rootOf(url) + path, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) });
}

async function firstModel(options: ServerOptions, signal: AbortSignal): Promise<string> {
  let response;
  try {
    response = await get(options, '/v1/models', signal);
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new BenchTargetError(`No server answers at ${rootOf(options.url)}: ${cause}`);
  }
  if (!response.ok) throw new BenchTargetError(`The server answered ${String(response.status)} to GET /v1/models.`);
  const list = modelList.safeParse(await response.json().catch(() => undefined));
  const [first] = list.success ? list.data.data : [];
  if (first === undefined) throw new BenchTargetError('The server names no model at /v1/models.');
  return first.id;
}

/** What the server says that so many random words are, its chat template included. */
async function countTokens(options: ServerOptions, model: string, words: number, signal: AbortSignal): Promise<number> {
  const { records, summary } = await runLoad({
    transport: new HttpTransport({ ...options, model }),
    arrivals: { kind: 'closed', concurrency: 1 },
    requestAt: () => ({ prompt: randomText(words, 0), maxTokens: 1 }),
    requests: 1,
    signal,
  });
  signal.throwIfAborted();
  const [failure] = Object.values(summary.firstFailures);
  if (failure !== undefined) throw new BenchTargetError(`The server does not answer as it should: ${failure}`);
  // A server without usage gets a guess; the report says how many it was asked for, not how many it got.
  return records[0]?.promptTokens ?? words + 1;
}

async function readMemory(options: ServerOptions): Promise<MemoryReading> {
  if (options.pid !== undefined) {
    const rss = memoryOf(options.pid)?.residentBytes;
    return rss === undefined ? {} : { rss };
  }
  const text = await get(options, '/metrics', new AbortController().signal).then(
    (response) => (response.ok ? response.text() : ''),
    () => '',
  );
  const rss = metricSum(text, 'process_resident_memory_bytes');
  const heap = metricSum(text, 'nodejs_heap_size_used_bytes');
  return { ...(rss === undefined ? {} : { rss }), ...(heap === undefined ? {} : { js_heap: heap }) };
}

/** Opening it rejects with BenchTargetError when nothing useful answers, with TypeError for a URL that is not of HTTP. */
export function serverTarget(options: ServerOptions): BenchTarget {
  return {
    side: 'server',
    software: () => Promise.resolve({}),
    async open(signal) {
      const model = options.model ?? (await firstModel(options, signal));
      const once = await countTokens(options, model, probeWords, signal);
      const twice = await countTokens(options, model, 2 * probeWords, signal);
      return {
        transport: () => new HttpTransport({ ...options, model }),
        model: { label: model },
        loadMs: undefined,
        calibration: { once, twice },
        isInProcess: false,
        readMemory: () => readMemory(options),
        close: () => Promise.resolve(),
      };
    },
  };
}
