/**
 * Tokens of texts to vectors: Inferno's batcher, and onnxruntime-node as one calls it, a run for each text. Both would tokenize
 * with the same library, so that is not timed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tokenizers from '@huggingface/tokenizers';
import { loadOnnxModel } from '../../lib/onnx/load-onnx-model.js';
import { median } from '../../lib/bench/measure/stats.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { onnxruntimeNode, type PeerSession, type PeerTensor } from '../peers/onnxruntime-node.js';

export const embeddingSides = ['inferno', 'onnxruntime-node, one by one', 'onnxruntime-node, all at once'] as const;
export type EmbeddingSide = (typeof embeddingSides)[number];

interface Embedder {
  /** Of all texts, which come at the same moment. */
  embed(texts: readonly Int32Array[]): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

/** The package's own types do not resolve. */
interface Tokenizer {
  encode(text: string): { readonly ids: readonly number[] };
}

const words = 'the a dog cat story house sun moon little happy numbers count from one to ten what is your name'.split(
  ' ',
);

/** Of 3 to 24 words: as different in length as questions and sentences are. */
function randomTexts(count: number, seed: number): string[] {
  const random = new SeededRandom(seed);
  const word = (): string => words[random.integer(0, words.length - 1)] ?? '';
  return Array.from({ length: count }, () => Array.from({ length: random.integer(3, 24) }, word).join(' '));
}

async function inferno(folder: string): Promise<Embedder> {
  const model = await loadOnnxModel(folder);
  return {
    embed: (texts) => Promise.all(texts.map((text) => model.embed(text))),
    close: () => model.unload(),
  };
}

function meanOfRows({ data, dims }: PeerTensor): Float32Array {
  const [, rows = 0, width = 0] = dims;
  const values = data as Float32Array;
  const mean = new Float32Array(width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++)
      mean[column] = (mean[column] ?? 0) + (values[row * width + column] ?? 0);
  }
  const length = Math.hypot(...mean);
  return mean.map((value) => value / length);
}

async function embedOne(session: PeerSession, ids: Int32Array): Promise<Float32Array> {
  const { Tensor } = onnxruntimeNode();
  const dims = [1, ids.length];
  const same = (value: bigint): PeerTensor => new Tensor('int64', new BigInt64Array(ids.length).fill(value), dims);
  const { last_hidden_state: hidden } = await session.run({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), dims),
    attention_mask: same(1n),
    token_type_ids: same(0n),
  });
  if (hidden === undefined) throw new Error('The graph gave no vectors.');
  return meanOfRows(hidden);
}

async function peer(folder: string, oneByOne: boolean): Promise<Embedder> {
  const session = await onnxruntimeNode().InferenceSession.create(join(folder, 'model.onnx'));
  return {
    async embed(texts) {
      if (!oneByOne) return Promise.all(texts.map((text) => embedOne(session, text)));
      const vectors: Float32Array[] = [];
      for (const text of texts) vectors.push(await embedOne(session, text));
      return vectors;
    },
    close: () => session.release(),
  };
}

async function openTokenizer(folder: string): Promise<Tokenizer> {
  const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as object;
  const { Tokenizer } = tokenizers as unknown as {
    readonly Tokenizer: new (json: object, config: object) => Tokenizer;
  };
  return new Tokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'));
}

export interface EmbeddingRate {
  /** Median of the rounds, because others use the machine too. */
  readonly perSecond: number;
  /** The first vector of the first round: what the sides must agree on. */
  readonly first: readonly number[];
}

/** Part of the rounds that come before those that count: until the code is compiled and the pools are awake. */
const warmUpPart = 0.25;

/** Rounds of requests at the same moment, each with texts of its own. */
export async function embeddingRate(
  side: EmbeddingSide,
  folder: string,
  concurrent: number,
  rounds: number,
): Promise<EmbeddingRate> {
  const embedder = await (side === 'inferno' ? inferno(folder) : peer(folder, side.endsWith('one by one')));
  const tokenizer = await openTokenizer(folder);
  const tokensOf = (round: number): Int32Array[] =>
    randomTexts(concurrent, round).map((text) => Int32Array.from(tokenizer.encode(text).ids));
  const [first] = await embedder.embed(tokensOf(0));
  const seconds: number[] = [];
  for (let round = 1 - Math.ceil(rounds * warmUpPart); round <= rounds; round++) {
    const texts = tokensOf(round);
    const start = performance.now();
    await embedder.embed(texts);
    if (round > 0) seconds.push((performance.now() - start) / 1000);
  }
  await embedder.close();
  return { perSecond: concurrent / median(seconds), first: Array.from(first ?? []) };
}
