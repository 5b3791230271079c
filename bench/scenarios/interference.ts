/** Four streams decode when a long prompt arrives: for how long do they stand still? */
import { alternate, between, type Bench, type Measured, type Scenario } from '../bench.js';
import { LoadClient } from '../client.js';
import type { Comparison } from '../comparison.js';
import { decodeRequest } from '../decode-trial.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { longText } from '../prompts.js';
import type { ServerKind } from '../server-kind.js';
import { longestGapMs } from '../token-gaps.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'interference';
const bar = { kind: 'at most', value: 200 } as const;
const streams = 4;
const promptWords = 1500;
const contextSize = 2048;
/** Long enough to outlast the prompt; they are cut off then. */
const streamTokens = contextSize - 32;
const hangMs = 300_000;

async function gapTrial(bench: Bench, kind: ServerKind, model: BenchModel): Promise<Measured> {
  const { children, cores } = bench;
  const setup = { modelPath: model.path, parallel: streams + 1, contextSize, threads: 1, core: cores.server };
  const server = await kind.start(children, setup);
  const client = await LoadClient.start(children, cores.client);
  try {
    const requests = Array.from({ length: streams }, (_, stream) => decodeRequest(stream, streamTokens));
    const { path, body } = decodeRequest(0, 4);
    const late = { afterPieces: 50, request: { path, body: { ...body, prompt: longText(promptWords) } } };
    const result = await client.streams({ port: server.port, requests, capMs: hangMs, late });
    if (result.late === undefined) throw new InvalidRun('The late request was not sent.');
    return { value: longestGapMs(result.streams, result.late), clientLoad: result.clientLoad };
  } finally {
    await client.stop();
    await server.stop();
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const results = await alternate(
    bench,
    `${name}, ${model.label}`,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => gapTrial(bench, kind, model) })),
  );
  return [
    {
      scenario: name,
      model: model.label,
      what: `longest gap of ${String(streams)} streams while a prompt of ${promptWords.toLocaleString('en')} words arrives`,
      unit: 'ms',
      ...between(results, inferno.name, peer.name),
      bar,
    },
  ];
}

export const interference: Scenario = { name, models: ['160m'], measure };
