/** llama.cpp's own program for plain completions, built from the vendored tree, as the reference for greedy text. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PeerTools } from '../../bench/peers/tools.js';

const run = promisify(execFile);
/** What the program prints after its text. Its log thread sometimes ends before it has printed everything. */
const epilogue = Buffer.from('\n\n');
const attempts = 5;
let tools: PeerTools | undefined;

export interface ReferenceOptions {
  readonly modelPath: string;
  readonly tokens: number;
  readonly contextSize: number;
  /** llama.cpp's flag: the engine does without where heads are small. */
  readonly flashAttention: 'on' | 'off';
}

/**
 * The bytes of exactly `tokens` tokens after a prompt. The program prints no ids of what it generates, and writing its
 * session file, which has them, makes it compute the prompt's last token apart.
 */
export async function referenceBytes(prompt: string, options: ReferenceOptions): Promise<Buffer> {
  const { modelPath, tokens, contextSize, flashAttention } = options;
  tools ??= new PeerTools('sameKernels');
  const folder = await mkdtemp(join(tmpdir(), 'inferno-parity-'));
  try {
    const promptFile = join(folder, 'prompt');
    await writeFile(promptFile, prompt);
    const numbers = { '-n': tokens, '-c': contextSize, '-t': 1, '--temp': 0 };
    const args = ['-m', modelPath, '-f', promptFile, '-no-cnv', '--no-display-prompt', '--ignore-eos'];
    args.push('-fa', flashAttention, ...Object.entries(numbers).flatMap(([flag, value]) => [flag, String(value)]));
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { stdout } = await run(tools.path('llama-completion'), args, { maxBuffer: 1 << 26, encoding: 'buffer' });
      const end = stdout.length - epilogue.length;
      if (end >= 0 && stdout.subarray(end).equals(epilogue)) return stdout.subarray(0, end);
    }
    throw new Error(`llama-completion did not print its whole text in ${String(attempts)} attempts.`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
