import { InfernoError } from '../errors.js';
import {
  configSchema,
  generationConfigSchema,
  modulesSchema,
  poolingSchema,
  sentenceConfigSchema,
  specialTokensSchema,
  tokenizerConfigSchema,
  tokenizerSchema,
} from './folder-schemas.js';
import type { FolderConfig, PoolingConfig, SpecialTokens, TokenizerConfig, TokenizerJson } from './folder-schemas.js';
import { graphBytes, locateGraph, readFolderJson, readFolderText } from './folder-files.js';
import type { GraphLocation } from './folder-files.js';

/** How the vectors of a text's tokens become one. */
export const poolings = ['mean', 'cls', 'last'] as const;
export type Pooling = (typeof poolings)[number];

/** A model folder as Hugging Face lays it out, read and checked, nothing loaded. */
export interface OnnxModelFolder extends GraphLocation {
  /** Of the graph and its weights. */
  readonly sizeBytes: number;
  readonly config: FolderConfig;
  readonly tokenizer: TokenizerJson;
  readonly tokenizerConfig: TokenizerConfig;
  /** Tokens the longest input has; undefined when the folder does not say. */
  readonly maxLength: number | undefined;
  readonly padId: number;
  readonly bosId: number | undefined;
  /** Ids that end a generation. */
  readonly endIds: readonly number[];
  /** Jinja source; empty when there is none. */
  readonly chatTemplate: string;
  /** What the folder says; undefined when it says nothing. */
  readonly pooling: Pooling | undefined;
  /** sentence-transformers wrote it: it embeds. */
  readonly isSentenceModel: boolean;
}

/** Beyond it, `model_max_length` is transformers' word for "unknown". */
const longestInput = 2 ** 24;

/** Positions of RoBERTa's kin are counted from behind the padding token's id. */
function positionsOf(config: FolderConfig): number | undefined {
  const { max_position_embeddings: positions, model_type: type, pad_token_id: pad } = config;
  if (positions == null || positions === 0) return undefined;
  const isRoberta = /roberta|camembert|mpnet/u.test(type ?? '');
  return isRoberta ? positions - ((pad ?? 1) + 1) : positions;
}

function maxLengthOf(
  config: FolderConfig,
  tokenizer: TokenizerConfig,
  sentenceLength: number | undefined,
): number | undefined {
  const said = [positionsOf(config), tokenizer.model_max_length ?? undefined, sentenceLength];
  const sane = said.filter((length): length is number => length !== undefined && length >= 1 && length < longestInput);
  return sane.length === 0 ? undefined : Math.floor(Math.min(...sane));
}

function poolingOf(config: PoolingConfig | undefined): Pooling | undefined {
  if (config === undefined) return undefined;
  const chosen = [
    ...(config.pooling_mode_mean_tokens === true ? ['mean' as const] : []),
    ...(config.pooling_mode_cls_token === true ? ['cls' as const] : []),
    ...(config.pooling_mode_lasttoken === true ? ['last' as const] : []),
  ];
  const others =
    config.pooling_mode_max_tokens === true ||
    config.pooling_mode_mean_sqrt_len_tokens === true ||
    config.pooling_mode_weightedmean_tokens === true;
  const [pooling] = chosen;
  if (others || chosen.length !== 1 || pooling === undefined) {
    throw new InfernoError(
      'unsupported_model',
      '1_Pooling/config.json asks for a pooling other than mean, cls or last token.',
    );
  }
  return pooling;
}

/** transformers keeps the template in one of two files, and in the second one may have several. */
function templateOf(file: string | undefined, { chat_template: given }: TokenizerConfig): string {
  if (file !== undefined) return file;
  if (given == null) return '';
  if (typeof given === 'string') return given;
  return (given.find(({ name }) => name === 'default') ?? given[0])?.template ?? '';
}

/** `Array.isArray` does not tell readonly arrays apart. */
function isPieceList(vocab: TokenizerJson['model']['vocab']): vocab is readonly (readonly [string, number])[] {
  return Array.isArray(vocab);
}

function idOf(tokenizer: TokenizerJson, token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  const added = tokenizer.added_tokens.find(({ content }) => content === token);
  if (added !== undefined) return added.id;
  const { vocab } = tokenizer.model;
  if (isPieceList(vocab)) {
    const index = vocab.findIndex(([piece]) => piece === token);
    return index < 0 ? undefined : index;
  }
  return Object.hasOwn(vocab, token) ? vocab[token] : undefined;
}

async function readTokenizer(directory: string): Promise<TokenizerJson> {
  const tokenizer = await readFolderJson(directory, 'tokenizer.json', tokenizerSchema);
  if (tokenizer !== undefined) return tokenizer;
  throw new InfernoError('file_not_found', 'The model folder has no tokenizer.json.', {
    remedy: "Save the model's fast tokenizer into the folder, or run the graph with tensors: loadModel('model.onnx').",
  });
}

/** The names that one file gives, for tokens that the other one leaves out. */
function mergeTokens(first: TokenizerConfig, second: SpecialTokens | undefined): TokenizerConfig {
  const given = Object.entries(second ?? {}).filter(
    ([name, token]) => token !== undefined && first[name] === undefined,
  );
  return { ...first, ...Object.fromEntries(given) };
}

/**
 * Reads a folder laid out as on Hugging Face: config.json, tokenizer.json, tokenizer_config.json, and model.onnx in it or in
 * its `onnx`. `path` may be the graph, too. `variant`: `quantized` stands for model_quantized.onnx.
 *
 * @throws InfernoError `file_not_found`, `file_unreadable`, `invalid_model_file`, `unsupported_model`; each names the file.
 */
export async function readModelFolder(path: string, variant?: string): Promise<OnnxModelFolder> {
  const location = await locateGraph(path, variant);
  const { directory } = location;
  const [config, tokenizer, ownConfig, specialTokens, generation, sentence, pooling, modules, template, sizeBytes] =
    await Promise.all([
      readFolderJson(directory, 'config.json', configSchema),
      readTokenizer(directory),
      readFolderJson(directory, 'tokenizer_config.json', tokenizerConfigSchema),
      readFolderJson(directory, 'special_tokens_map.json', specialTokensSchema),
      readFolderJson(directory, 'generation_config.json', generationConfigSchema),
      readFolderJson(directory, 'sentence_bert_config.json', sentenceConfigSchema),
      readFolderJson(directory, '1_Pooling/config.json', poolingSchema),
      readFolderJson(directory, 'modules.json', modulesSchema),
      readFolderText(directory, 'chat_template.jinja'),
      graphBytes(location.graphPath),
    ]);
  const checked = config ?? configSchema.parse({});
  const tokenizerConfig = mergeTokens(ownConfig ?? tokenizerConfigSchema.parse({}), specialTokens);
  const eosId = idOf(tokenizer, tokenizerConfig.eos_token);
  const endIds = new Set([
    ...checked.eos_token_id,
    ...(generation?.eos_token_id ?? []),
    ...(eosId === undefined ? [] : [eosId]),
  ]);
  return {
    ...location,
    sizeBytes,
    config: checked,
    tokenizer,
    tokenizerConfig,
    maxLength: maxLengthOf(checked, tokenizerConfig, sentence?.max_seq_length ?? undefined),
    padId: idOf(tokenizer, tokenizerConfig.pad_token) ?? Math.max(0, checked.pad_token_id ?? 0),
    bosId: checked.bos_token_id[0] ?? idOf(tokenizer, tokenizerConfig.bos_token),
    endIds: [...endIds],
    chatTemplate: templateOf(template, tokenizerConfig),
    pooling: poolingOf(pooling),
    isSentenceModel:
      modules?.some(({ type }) => type.endsWith('.Pooling') || type.endsWith('.Transformer')) ?? pooling !== undefined,
  };
}
