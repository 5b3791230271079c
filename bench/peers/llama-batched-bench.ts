/** The raw library, many sequences in one batch: `llama-batched-bench`, its S_TG. */
import { z } from 'zod';
import type { ChildProcesses } from '../processes.js';
import type { RawDecode } from './llama-bench.js';
import type { PeerTools } from './tools.js';

const line = z.object({ pl: z.number(), tg: z.number(), t_tg: z.number() });

export interface RawBatchDecode extends RawDecode {
  readonly streams: number;
  readonly contextSize: number;
}

/** About what the prompts of the HTTP streams are. */
const promptTokens = 2;

/** Tokens per second of all sequences together, over all rounds. */
export async function llamaBatchedBench(
  children: ChildProcesses,
  tools: PeerTools,
  decode: RawBatchDecode,
): Promise<number> {
  const { modelPath, tokens, rounds, threads, streams, contextSize, core } = decode;
  const options = {
    '-m': modelPath,
    '-c': contextSize * streams,
    '-t': threads,
    '-npp': promptTokens,
    '-ntg': Array<number>(rounds).fill(tokens).join(','),
    '-npl': streams,
    '--output-format': 'jsonl',
  };
  const args = Object.entries(options).flatMap(([flag, value]) => [flag, String(value)]);
  const output = await children.run({
    file: tools.path('llama-batched-bench'),
    args: [...args, '--no-kv-unified'],
    core,
  });
  const lines = output.split('\n').filter((text) => text.startsWith('{'));
  const results = lines.map((text) => line.parse(JSON.parse(text)));
  if (results.length !== rounds || results.some(({ pl, tg }) => pl !== streams || tg !== tokens)) {
    throw new Error(`llama-batched-bench did not do what it was asked for: ${output}`);
  }
  const seconds = results.reduce((sum, result) => sum + result.t_tg, 0);
  return (tokens * streams * rounds) / seconds;
}
