/** The raw library, one sequence: what `llama-bench` calls tg. */
import { z } from 'zod';
import type { ChildProcesses } from '../processes.js';
import type { PeerTools } from './tools.js';

const report = z.array(z.object({ n_gen: z.number(), samples_ns: z.array(z.number()).min(1) })).length(1);

export interface RawDecode {
  readonly modelPath: string;
  readonly tokens: number;
  readonly rounds: number;
  readonly threads: number;
  readonly core?: number | undefined;
}

/** Tokens per second over all rounds. */
export async function llamaBench(children: ChildProcesses, tools: PeerTools, decode: RawDecode): Promise<number> {
  const { modelPath, tokens, rounds, threads, core } = decode;
  const options = { '-m': modelPath, '-p': 0, '-n': tokens, '-r': rounds, '-t': threads, '-o': 'json' };
  const args = Object.entries(options).flatMap(([flag, value]) => [flag, String(value)]);
  const output = await children.run({ file: tools.path('llama-bench'), args, core });
  const [result] = report.parse(JSON.parse(output));
  if (result?.n_gen !== tokens) throw new Error(`llama-bench did not decode ${String(tokens)} tokens: ${output}`);
  const nanoseconds = result.samples_ns.reduce((sum, sample) => sum + sample, 0);
  return (tokens * result.samples_ns.length * 1e9) / nanoseconds;
}
