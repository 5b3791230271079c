/** Small models whose files hold every kind of metadata that llama.cpp decides by. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomWeights } from '../../lib/gguf/random-weights.js';
import type { GgufItemType, GgufValue } from '../../lib/gguf/value-types.js';
import { writeGguf } from '../../lib/gguf/writer.js';
import type { GgufTensor } from '../../lib/gguf/writer.js';

const width = 32;
const inner = 64;
const layers = 2;
const heads = 4;
const kvHeads = 2;

type Pair = readonly [string, GgufValue];

const text = (key: string, value: string): Pair => [key, { type: 'string', value }];
const number = (key: string, value: number): Pair => [key, { type: 'uint32', value }];
const float = (key: string, value: number): Pair => [key, { type: 'float32', value }];
const flag = (key: string, value: boolean): Pair => [key, { type: 'bool', value }];
const list = (key: string, itemType: GgufItemType, value: readonly unknown[]): Pair => [
  key,
  { type: 'array', itemType, value } as GgufValue,
];

function matrix(name: string, ...dimensions: number[]): GgufTensor {
  const count = dimensions.reduce((product, dimension) => product * dimension, 1);
  return { name, type: 'F32', dimensions, data: () => randomWeights('F32', count, 1 / Math.sqrt(width), 1, name) };
}

/** "<0x00>" to "<0xFF>" behind the special ones, then words. */
function sentencePieceVocabulary(): Pair[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const words = ['▁', '▁the', '▁a', 'e', 't', 'a', 'o', 'he', 'in', 'er', '▁w', 'll', 'ello', '▁Hello'];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...words];
  return [
    text('tokenizer.ggml.model', 'llama'),
    list('tokenizer.ggml.tokens', 'string', tokens),
    list(
      'tokenizer.ggml.scores',
      'float32',
      tokens.map((_, index) => -index),
    ),
    list(
      'tokenizer.ggml.token_type',
      'int32',
      tokens.map((token, index) => (index === 0 ? 2 : index < 3 ? 3 : token.startsWith('<0x') ? 6 : 1)),
    ),
    number('tokenizer.ggml.bos_token_id', 1),
    number('tokenizer.ggml.eos_token_id', 2),
    number('tokenizer.ggml.unknown_token_id', 0),
    flag('tokenizer.ggml.add_bos_token', true),
    flag('tokenizer.ggml.add_eos_token', false),
  ];
}

/** The printable stand-ins for bytes that byte-level BPE uses, and a few merges of them. */
function bytePairVocabulary(): Pair[] {
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
  const merges = ['h e', 'Ġ t', 'Ġt he', 'l l', 'e r', 'i n'];
  const tokens = [...bytes, ...merges.map((merge) => merge.replace(' ', '')), '<|endoftext|>', '<|im_end|>'];
  return [
    text('tokenizer.ggml.model', 'gpt2'),
    text('tokenizer.ggml.pre', 'qwen2'),
    list('tokenizer.ggml.tokens', 'string', tokens),
    list(
      'tokenizer.ggml.token_type',
      'int32',
      tokens.map((_, index) => (index < tokens.length - 2 ? 1 : 3)),
    ),
    list('tokenizer.ggml.merges', 'string', merges),
    number('tokenizer.ggml.bos_token_id', tokens.length - 2),
    number('tokenizer.ggml.eos_token_id', tokens.length - 1),
    number('tokenizer.ggml.padding_token_id', tokens.length - 2),
    flag('tokenizer.ggml.add_bos_token', false),
  ];
}

const template =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

function hyperparameters(architecture: string): Pair[] {
  const headWidth = width / heads;
  return [
    text('general.architecture', architecture),
    text('general.name', 'mutant'),
    number(`${architecture}.block_count`, layers),
    number(`${architecture}.context_length`, 256),
    number(`${architecture}.embedding_length`, width),
    number(`${architecture}.feed_forward_length`, inner),
    number(`${architecture}.attention.head_count`, heads),
    list(`${architecture}.attention.head_count_kv`, 'uint32', Array<number>(layers).fill(kvHeads)),
    number(`${architecture}.attention.key_length`, headWidth),
    number(`${architecture}.attention.value_length`, headWidth),
    float(`${architecture}.attention.layer_norm_rms_epsilon`, 1e-5),
    flag(`${architecture}.attention.causal`, true),
    number(`${architecture}.rope.dimension_count`, headWidth),
    float(`${architecture}.rope.freq_base`, 10_000),
    text(`${architecture}.rope.scaling.type`, 'linear'),
    float(`${architecture}.rope.scaling.factor`, 1),
    number(`${architecture}.rope.scaling.original_context_length`, 256),
    number(`${architecture}.pooling_type`, 1),
  ];
}

/** `experts` of 0 makes a dense model. */
function tensors(vocabularySize: number, hasBiases: boolean, experts: number): GgufTensor[] {
  const kvWidth = (width / heads) * kvHeads;
  const all = [matrix('token_embd.weight', width, vocabularySize), matrix('output_norm.weight', width)];
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${String(layer)}`;
    for (const norm of ['attn_norm', 'ffn_norm']) all.push(matrix(`${block}.${norm}.weight`, width));
    for (const [part, size] of Object.entries({ q: width, k: kvWidth, v: kvWidth })) {
      all.push(matrix(`${block}.attn_${part}.weight`, width, size));
      if (hasBiases) all.push(matrix(`${block}.attn_${part}.bias`, size));
    }
    all.push(matrix(`${block}.attn_output.weight`, width, width));
    const suffix = experts > 0 ? '_exps' : '';
    const count = experts > 0 ? [experts] : [];
    if (experts > 0) all.push(matrix(`${block}.ffn_gate_inp.weight`, width, experts));
    all.push(matrix(`${block}.ffn_gate${suffix}.weight`, width, inner, ...count));
    all.push(matrix(`${block}.ffn_up${suffix}.weight`, width, inner, ...count));
    all.push(matrix(`${block}.ffn_down${suffix}.weight`, inner, width, ...count));
  }
  return all;
}

function vocabularySizeOf(vocabulary: readonly Pair[]): number {
  const tokens = vocabulary.find(([key]) => key === 'tokenizer.ggml.tokens')?.[1];
  return tokens?.type === 'array' ? tokens.value.length : 0;
}

async function write(path: string, architecture: string, vocabulary: readonly Pair[], experts: number): Promise<void> {
  const routing = [
    number(`${architecture}.expert_count`, experts),
    number(`${architecture}.expert_used_count`, Math.min(experts, 2)),
  ];
  await writeGguf(path, {
    metadata: [...hyperparameters(architecture), ...routing, ...vocabulary, text('tokenizer.chat_template', template)],
    tensors: tensors(vocabularySizeOf(vocabulary), architecture === 'qwen2', experts),
    // Not the default, so that it is written into the file, where it can be damaged.
    alignment: 64,
  });
}

/** A llama with a SentencePiece vocabulary, a qwen2 with byte-level BPE, a llama with experts. */
export async function writeMutantModels(directory: string): Promise<Uint8Array[]> {
  const models = [
    { name: 'llama', architecture: 'llama', vocabulary: sentencePieceVocabulary(), experts: 0 },
    { name: 'qwen2', architecture: 'qwen2', vocabulary: bytePairVocabulary(), experts: 0 },
    { name: 'experts', architecture: 'llama', vocabulary: sentencePieceVocabulary(), experts: 4 },
  ];
  const files: Uint8Array[] = [];
  for (const { name, architecture, vocabulary, experts } of models) {
    const path = join(directory, `${name}.gguf`);
    await write(path, architecture, vocabulary, experts);
    files.push(await readFile(path));
  }
  return files;
}
