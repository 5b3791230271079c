/** The client: a process of its own, so that it can have a core of its own. Jobs come and results go over IPC. */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  CancelJob,
  CancelResult,
  ClientJob,
  ClientReply,
  GeneratedLoad,
  GeneratedResult,
  GenerateJob,
  LoadJob,
  LoadResult,
  StreamsJob,
  StreamsResult,
} from './client-protocol.js';
import { recordOf } from './completion-record.js';
import { cpuMsOf, restedAt, restingMs } from './cpu-watch.js';
import type { CpuSample } from './cpu-watch.js';
import { readAnswer } from '../lib/bench/load/http-answer.js';
import { HttpTransport } from '../lib/bench/load/http-transport.js';
import { runLoad } from '../lib/bench/load/run-load.js';
import { WebSocketTransport } from '../lib/bench/load/websocket-transport.js';
import { RecordedExchange } from './recorded-exchange.js';

/** Seldom enough to leave the core to others, often enough for milliseconds. */
const sampleEveryMs = 1;

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const cap = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([work, cap]);
  timer.abort();
}

/** Share of a core that this process uses from now on. */
function ownLoad(): () => number {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - startedAt);
  };
}

async function runStreams({ port, requests, capMs, late }: StreamsJob): Promise<StreamsResult> {
  // Connecting is not what is measured.
  const streams = await Promise.all(requests.map(() => RecordedExchange.connect(port)));
  const lateExchange = late === undefined ? undefined : await RecordedExchange.connect(port);
  const loadSoFar = ownLoad();
  for (const [index, request] of requests.entries()) streams[index]?.send(request);
  let work: Promise<unknown> = Promise.all(streams.map((stream) => stream.ended));
  if (late !== undefined && lateExchange !== undefined) {
    work = Promise.all(streams.map((stream) => stream.received(late.afterPieces))).then(async () => {
      lateExchange.send(late.request);
      await lateExchange.ended;
      // The gap that its answer ends within is over with the next event of each stream, which may come in two pieces.
      await Promise.all(streams.map((stream) => stream.received(stream.chunks.length + 2)));
    });
  }
  await within(capMs, work);
  const clientLoad = loadSoFar();
  for (const exchange of [...streams, lateExchange]) exchange?.destroy();
  return {
    streams: streams.map(recordOf),
    ...(lateExchange === undefined ? {} : { late: recordOf(lateExchange) }),
    clientLoad,
  };
}

async function runPlanned({ port, requests, atOnce, capMs }: LoadJob): Promise<LoadResult> {
  const exchanges: RecordedExchange[] = [];
  const open = new Set<Promise<void>>();
  const over = new AbortController();
  const startedAt = performance.now();
  const loadSoFar = ownLoad();
  const sendAll = async (): Promise<void> => {
    for (const { request, atMs } of requests) {
      while (open.size >= atOnce) await Promise.race(open);
      const wait = startedAt + atMs - performance.now();
      if (wait > 0) await delay(wait);
      const exchange = await RecordedExchange.connect(port);
      if (over.signal.aborted) {
        exchange.destroy();
        return;
      }
      exchanges.push(exchange);
      exchange.send(request);
      const answered = exchange.ended.then(() => {
        open.delete(answered);
      });
      open.add(answered);
    }
    await Promise.all(open);
  };
  await within(capMs, sendAll());
  over.abort();
  const clientLoad = loadSoFar();
  for (const exchange of exchanges) exchange.destroy();
  return { answers: exchanges.map(recordOf), startedAt, clientLoad };
}

async function loadOf(pid: number, ms: number): Promise<number> {
  const startedAt = performance.now();
  const before = cpuMsOf(pid);
  await delay(ms);
  return (cpuMsOf(pid) - before) / (performance.now() - startedAt);
}

async function timeToRest(pid: number, capMs: number): Promise<number | null> {
  const startedAt = performance.now();
  const samples: CpuSample[] = [];
  while (performance.now() - startedAt < capMs + restingMs) {
    samples.push({ at: performance.now(), cpuMs: cpuMsOf(pid) });
    const at = restedAt(samples);
    if (at !== undefined) return at - startedAt;
    // Samples from before the last that can still be the beginning of rest are of no use.
    while (samples.length > 0 && (samples[0]?.at ?? 0) < performance.now() - 2 * restingMs) samples.shift();
    await delay(sampleEveryMs);
  }
  return null;
}

async function runCancel({ port, pid, request, afterPieces, afterMs, capMs }: CancelJob): Promise<CancelResult> {
  const exchange = await RecordedExchange.connect(port);
  exchange.send(request);
  await exchange.received(afterPieces);
  await delay(afterMs);
  const loadBefore = await loadOf(pid, 2 * restingMs);
  const { status, body, events } = readAnswer(exchange.chunks);
  if (exchange.hasEnded) {
    const failure = `The answer ended before the disconnect (HTTP ${String(status)}): ${body.slice(-300)}`;
    return { stoppedAfterMs: null, loadBefore, events: events.length, failure };
  }
  exchange.destroy();
  return { stoppedAfterMs: await timeToRest(pid, capMs), loadBefore, events: events.length, failure: null };
}

async function generateOne(
  { port, keepRecords }: GenerateJob,
  { arrivals, requests, count, durationMs, targets, timeoutMs, transport = 'http' }: GeneratedLoad,
  over: AbortController,
): Promise<GeneratedResult> {
  const target = { url: `http://127.0.0.1:${String(port)}`, api: 'completions' } as const;
  const { summary, records } = await runLoad({
    transport: transport === 'http' ? new HttpTransport(target) : new WebSocketTransport(target),
    arrivals,
    requestAt: (index) => requests[index % requests.length] ?? { prompt: '', maxTokens: 1 },
    ...(count === undefined ? {} : { requests: count }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(targets === undefined ? {} : { targets }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    signal: over.signal,
    keepRecords,
  });
  if (count !== undefined) over.abort();
  return { summary, records };
}

async function runGenerate(job: GenerateJob): Promise<GeneratedResult[]> {
  const over = new AbortController();
  return Promise.all(job.loads.map((load) => generateOne(job, load, over)));
}

type Result = StreamsResult | LoadResult | CancelResult | GeneratedResult[];

async function run(job: ClientJob): Promise<Result> {
  switch (job.kind) {
    case 'streams':
      return runStreams(job);
    case 'load':
      return runPlanned(job);
    case 'cancel':
      return runCancel(job);
    case 'generate':
      return runGenerate(job);
  }
}

async function reply(job: ClientJob): Promise<ClientReply<Result>> {
  try {
    return { result: await run(job) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (job: ClientJob) => {
  void reply(job).then((message) => process.send?.(message));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
