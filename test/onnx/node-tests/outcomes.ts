/** Outcomes of all cases with one engine, which may end its process over any of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EngineName } from './engines.js';

/** What was wrong by the name of the case; undefined where it passed. */
export type Outcomes = ReadonlyMap<string, string | undefined>;

const child = fileURLToPath(new URL('child.ts', import.meta.url));

/** Gives the cases one by one, so that the one that ends the process is known. */
async function runUntilDeath(
  engine: EngineName,
  root: string,
  waiting: string[],
  outcomes: Map<string, string | undefined>,
): Promise<void> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', child, engine, root], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(process_, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  process_.stdin.on('error', () => undefined);
  const give = (): void => {
    const [next] = waiting;
    if (next === undefined) process_.stdin.end();
    else process_.stdin.write(`${next}\n`);
  };
  give();
  for await (const line of createInterface({ input: process_.stdout })) {
    if (!line.startsWith('\u0000')) continue;
    const { name, message } = JSON.parse(line.slice(1)) as { readonly name: string; readonly message?: string };
    outcomes.set(name, message);
    waiting.shift();
    give();
  }
  const [code, signal] = await exited;
  const [guilty] = waiting;
  if (guilty === undefined) return;
  outcomes.set(guilty, `the process ended with ${String(signal ?? code)}`);
  waiting.shift();
}

export async function outcomesOf(engine: EngineName, root: string, names: readonly string[]): Promise<Outcomes> {
  const outcomes = new Map<string, string | undefined>();
  const waiting = [...names];
  while (waiting.length > 0) await runUntilDeath(engine, root, waiting, outcomes);
  return outcomes;
}
