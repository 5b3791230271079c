/** Greedy text from a decoder graph: Inferno's engine, and the loop around onnxruntime-node that everybody writes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOnnxModel } from '../../lib/onnx/load-onnx-model.js';
import { onnxruntimeNode, type PeerSession, type PeerTensor } from '../peers/onnxruntime-node.js';

export const generationSides = ['inferno', 'onnxruntime-node loop'] as const;
export type GenerationSide = (typeof generationSides)[number];

/** `tokens` of each stream, all streams at once. */
type Generate = (prompt: readonly number[], tokens: number) => Promise<readonly number[]>;

interface Generator {
  readonly generate: Generate;
  close(): Promise<void>;
}

const endOfTurn = 1;

async function inferno(folder: string, streams: number): Promise<Generator> {
  const model = await loadOnnxModel(folder, { parallel: streams, contextSize: 512 });
  return {
    async generate(prompt, tokens) {
      const options = { maxTokens: tokens, temperature: 0, ignoreEos: true };
      const generation = model.complete(prompt, options);
      let pieces = 0;
      for await (const part of generation) pieces += part.tokens;
      return [pieces];
    },
    close: () => model.unload(),
  };
}

interface CacheShape {
  readonly layers: number;
  readonly heads: number;
  readonly size: number;
}

async function cacheShape(folder: string): Promise<CacheShape> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, number>;
  const { num_hidden_layers: layers = 0, num_key_value_heads: heads = 0, head_dim: size = 0 } = config;
  return { layers, heads, size };
}

function emptyPast({ layers, heads, size }: CacheShape): Record<string, PeerTensor> {
  const { Tensor } = onnxruntimeNode();
  const past: Record<string, PeerTensor> = {};
  for (let layer = 0; layer < layers; layer++) {
    for (const what of ['key', 'value']) {
      past[`past_key_values.${String(layer)}.${what}`] = new Tensor('float32', new Float32Array(), [1, heads, 0, size]);
    }
  }
  return past;
}

/** The end of a turn is never chosen, as with `ignoreEos`. */
function likeliest(logits: Float32Array, vocabulary: number): number {
  const last = logits.length - vocabulary;
  let best = 0;
  for (let id = 1; id < vocabulary; id++) {
    if (id !== endOfTurn && (logits[last + id] ?? 0) > (logits[last + best] ?? 0)) best = id;
  }
  return best;
}

async function loop(session: PeerSession, shape: CacheShape, prompt: readonly number[], tokens: number) {
  const { Tensor } = onnxruntimeNode();
  const whole = (values: readonly number[]): PeerTensor =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const made: number[] = [];
  let past = emptyPast(shape);
  let next = prompt;
  let length = 0;
  while (made.length < tokens) {
    const start = length;
    length += next.length;
    const outputs = await session.run({
      ...past,
      input_ids: whole(next),
      attention_mask: whole(new Array<number>(length).fill(1)),
      position_ids: whole(next.map((_, index) => start + index)),
    });
    const { logits, ...present } = outputs;
    if (logits === undefined) throw new Error('The graph gave no logits.');
    const id = likeliest(logits.data as Float32Array, logits.dims.at(-1) ?? 0);
    made.push(id);
    next = [id];
    past = Object.fromEntries(
      Object.entries(present).map(([name, value]) => [name.replace('present', 'past_key_values'), value]),
    );
  }
  return made;
}

async function peer(folder: string): Promise<Generator> {
  const session = await onnxruntimeNode().InferenceSession.create(join(folder, 'model.onnx'));
  const shape = await cacheShape(folder);
  return {
    generate: (prompt, tokens) => loop(session, shape, prompt, tokens),
    close: () => session.release(),
  };
}

/** Prompts of 16 tokens that differ from their first on. */
function promptOf(stream: number): number[] {
  return Array.from({ length: 16 }, (_, index) => 300 + ((stream * 37 + index * 11) % 1500));
}

/** Tokens per second of all streams together. */
export async function generationRate(
  side: GenerationSide,
  folder: string,
  streams: number,
  tokens: number,
  rounds: number,
): Promise<number> {
  const generator = await (side === 'inferno' ? inferno(folder, streams) : peer(folder));
  const round = async (first: number, length: number): Promise<void> => {
    const all = Array.from({ length: streams }, (_, stream) => generator.generate(promptOf(first + stream), length));
    await Promise.all(all);
  };
  await round(0, 8);
  const start = performance.now();
  for (let index = 1; index <= rounds; index++) await round(index * streams, tokens);
  const seconds = (performance.now() - start) / 1000;
  await generator.close();
  return (streams * tokens * rounds) / seconds;
}
