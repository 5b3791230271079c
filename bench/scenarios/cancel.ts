/** How long a server goes on computing for a client that has gone. */
import { alternate, between, type Bench, type Measured, type Scenario } from '../bench.js';
import { LoadClient } from '../client.js';
import type { CancelJob } from '../client-protocol.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { longText } from '../prompts.js';
import type { ServerKind } from '../server-kind.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'cancel';
/** While decoding. During a prefill one chunk is allowed, whose time depends on the model; compute stops within one operation. */
const decodingBar = { kind: 'at most', value: 50 } as const;
/** Room for the long prompt, and for an answer that lasts. */
const contextSize = 2048;
const promptWords = 1500;
/** Share of a core; a waiting server stays far below. Not near 1, since others may want the core too. */
const computingLoad = 0.1;
const capMs = { full: 60_000, quick: 5_000 };

type Moment = Pick<CancelJob, 'request' | 'afterPieces' | 'afterMs'> & {
  readonly what: string;
  /** Whether the answer must have begun by then. */
  readonly answering: boolean;
  readonly bar?: typeof decodingBar;
};

function completion(prompt: string, stream: boolean): CancelJob['request'] {
  const body = { prompt, max_tokens: contextSize - 32, temperature: 0, ignore_eos: true, stream };
  return { path: '/v1/completions', body };
}

const moments: readonly Moment[] = [
  {
    what: 'cancel while streaming',
    request: completion('Once', true),
    afterPieces: 10,
    afterMs: 0,
    answering: true,
    bar: decodingBar,
  },
  {
    what: 'cancel, not streamed',
    request: completion('Once', false),
    afterPieces: 0,
    afterMs: 300,
    answering: false,
    bar: decodingBar,
  },
  {
    what: `cancel during the prefill of ${promptWords.toLocaleString('en')} words`,
    // Streamed, so that an answer which begins too early shows.
    request: { path: '/v1/completions', body: { ...completion(longText(promptWords), true).body, max_tokens: 16 } },
    afterPieces: 0,
    afterMs: 200,
    answering: false,
  },
];

async function cancelTrial(bench: Bench, kind: ServerKind, model: BenchModel, moment: Moment): Promise<Measured> {
  const { children, cores, quick } = bench;
  const setup = { modelPath: model.path, parallel: 2, contextSize, threads: 1, core: cores.server };
  const server = await kind.start(children, setup);
  const client = await LoadClient.start(children, cores.client);
  try {
    // The first request of a process pays for what is made on first use.
    const warmUp = { path: '/v1/completions', body: { prompt: 'The', max_tokens: 8, ignore_eos: true, stream: true } };
    await client.streams({ port: server.port, requests: [warmUp], capMs: capMs.full });
    const { request, afterPieces, afterMs } = moment;
    const cap = quick ? capMs.quick : capMs.full;
    const job = { port: server.port, pid: server.pid, request, afterPieces, afterMs, capMs: cap };
    const { stoppedAfterMs, loadBefore, events, failure } = await client.cancel(job);
    if (failure !== null) throw new InvalidRun(failure);
    if (loadBefore < computingLoad) throw new InvalidRun(`${kind.name} was not computing before the disconnect.`);
    if (events > 0 !== moment.answering) throw new InvalidRun(`${kind.name} was not where it should be cancelled.`);
    return stoppedAfterMs === null ? { value: cap, cutOff: true } : { value: stoppedAfterMs };
  } finally {
    await client.stop();
    await server.stop();
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const comparisons: Comparison[] = [];
  for (const moment of moments) {
    const results = await alternate(
      bench,
      `${moment.what}, ${model.label}`,
      [inferno, peer].map((kind) => ({ name: kind.name, run: () => cancelTrial(bench, kind, model, moment) })),
    );
    comparisons.push({
      scenario: name,
      model: model.label,
      what: moment.what,
      unit: 'ms',
      ...between(results, inferno.name, peer.name),
      ...(moment.bar === undefined ? {} : { bar: moment.bar }),
    });
  }
  return comparisons;
}

export const cancel: Scenario = { name, models: ['160m', 'tinyllama-1.1b'], measure };
