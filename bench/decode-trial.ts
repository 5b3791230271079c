/** One run of streamed decoding against a fresh server by a fresh client. */
import type { Bench, Measured } from './bench.js';
import { LoadClient } from './client.js';
import { completionRequest } from './completion-request.js';
import { cutOffRate, decodeWork, tokensPerSecond } from './decode-rate.js';
import type { BenchModel } from './models.js';
import { PeerProcess, type InProcessPeer } from './peers/in-process.js';
import { openingOf } from './prompts.js';
import type { HttpRequest } from './recorded-exchange.js';
import type { ServerKind, ServerSetup } from './server-kind.js';

/** Of each sequence: the longest answer and its prompt. */
export const contextSize = 512;

export interface DecodeTrial {
  readonly streams: number;
  readonly threads: ServerSetup['threads'];
  /** Server and client have a core each. */
  readonly pinned: boolean;
  /** A stream that takes longer is cut off and counted as far as it came. Default: it must come to its end. */
  readonly capMs?: number;
  /** Leave the number of sequences to the server. */
  readonly defaultParallel?: boolean;
}

/** Longer than any answer takes: a hang becomes a failure. */
const hangMs = 900_000;
/** Steps that let compilers, caches and the choice of threads settle. */
const warmUpTokens = 64;

export function decodeRequest(stream: number, tokens: number): HttpRequest {
  return completionRequest({ prompt: openingOf(stream), tokens });
}

/** Of so many streams. */
export function decodeRequests(streams: number, tokens: number): HttpRequest[] {
  return Array.from({ length: streams }, (_, stream) => decodeRequest(stream, tokens));
}

async function measure(client: LoadClient, port: number, model: BenchModel, trial: DecodeTrial): Promise<Measured> {
  const { streams, capMs } = trial;
  for (let round = 0; round < (model.tiny ? 4 : 1); round++) {
    const warmUp = decodeRequests(streams, model.tiny ? model.tokens : Math.min(model.tokens, warmUpTokens));
    await client.streams({ port, requests: warmUp, capMs: capMs === undefined ? hangMs : capMs / 4 });
  }
  const rounds = streams === 1 ? model.rounds : model.batchRounds;
  const work = [];
  let clientLoad = 0;
  for (let round = 0; round < rounds; round++) {
    const answers = decodeRequests(streams, model.tokens);
    const result = await client.streams({ port, requests: answers, capMs: capMs ?? hangMs });
    clientLoad = Math.max(clientLoad, result.clientLoad);
    const [first] = result.streams;
    if (capMs !== undefined && first?.finishedAt === null) {
      return { value: cutOffRate(first, capMs), clientLoad };
    }
    work.push(decodeWork(result.streams, model.tokens));
  }
  return { value: tokensPerSecond(work), clientLoad };
}

/** The same work inside a process, without HTTP. It is bound to the server's core. */
export async function inProcessDecodeTrial(
  bench: Bench,
  peer: InProcessPeer,
  model: BenchModel,
  { streams, threads }: Pick<DecodeTrial, 'streams'> & { readonly threads: number | undefined },
): Promise<Measured> {
  const loaded = { modelPath: model.path, streams, contextSize, threads };
  const process = await PeerProcess.start(bench.children, peer, loaded, bench.cores.server);
  try {
    const prompts = Array.from({ length: streams }, (_, stream) => openingOf(stream));
    for (let round = 0; round < (model.tiny ? 4 : 1); round++) {
      await process.generate(prompts, model.tiny ? model.tokens : Math.min(model.tokens, warmUpTokens));
    }
    const work = [];
    for (let round = 0; round < (streams === 1 ? model.rounds : model.batchRounds); round++) {
      work.push(decodeWork(await process.generate(prompts, model.tokens), model.tokens));
    }
    return { value: tokensPerSecond(work) };
  } finally {
    await process.stop();
  }
}

/** Tokens per second of all streams together. */
export async function decodeTrial(
  bench: Bench,
  kind: ServerKind,
  model: BenchModel,
  trial: DecodeTrial,
): Promise<Measured> {
  const { children, cores } = bench;
  const { streams, threads, pinned, defaultParallel = false } = trial;
  const server = await kind.start(children, {
    modelPath: model.path,
    parallel: defaultParallel ? 'default' : streams,
    contextSize,
    threads,
    core: pinned ? cores.server : undefined,
  });
  try {
    const client = await LoadClient.start(children, pinned ? cores.client : undefined);
    try {
      return await measure(client, server.port, model, trial);
    } finally {
      await client.stop();
    }
  } finally {
    await server.stop();
  }
}
