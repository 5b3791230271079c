/** What is read of the JSON files of a Hugging Face folder. Whatever else they hold is left alone. */
import { z } from 'zod';

const count = z.number({ error: 'a number' }).int({ error: 'a whole number' }).min(0, { error: 'a number from 0' });
const text = z.string({ error: 'a string' });

/** A special token is a string or an object with its content. */
const specialToken = z
  .union([text, z.object({ content: text })], { error: 'a string or an object with content' })
  .nullish()
  .transform((token) => (typeof token === 'string' ? token : (token?.content ?? undefined)));

const tokenIds = z
  .union([count, z.array(count, { error: 'an array' })], { error: 'a token id or an array of token ids' })
  .nullish()
  .transform((ids) => (ids == null ? [] : typeof ids === 'number' ? [ids] : ids));

/** Several libraries keep their settings in config.json, under names of their own. */
const sentenceTransformers = z.object({ activation_fn: text.nullish() }).nullish();

/** config.json */
export const configSchema = z.object(
  {
    architectures: z.array(text, { error: 'an array of strings' }).nullish(),
    model_type: text.nullish(),
    hidden_size: count.nullish(),
    num_hidden_layers: count.nullish(),
    num_attention_heads: count.nullish(),
    max_position_embeddings: count.nullish(),
    vocab_size: count.nullish(),
    type_vocab_size: count.nullish(),
    pad_token_id: z.number({ error: 'a number' }).int({ error: 'a whole number' }).nullish(),
    bos_token_id: tokenIds,
    eos_token_id: tokenIds,
    id2label: z.record(z.string(), text, { error: 'an object of strings' }).nullish(),
    num_labels: count.nullish(),
    problem_type: text.nullish(),
    sbert_ce_default_activation_function: text.nullish(),
    sentence_transformers: sentenceTransformers,
  },
  { error: 'an object' },
);

const namedTemplates = z.array(z.object({ name: text, template: text }), { error: 'an array of templates' });

/** tokenizer_config.json */
export const tokenizerConfigSchema = z.looseObject(
  {
    model_max_length: z.number({ error: 'a number' }).nullish(),
    chat_template: z.union([text, namedTemplates], { error: 'a string or an array of templates' }).nullish(),
    truncation_side: text.nullish(),
    bos_token: specialToken,
    eos_token: specialToken,
    unk_token: specialToken,
    pad_token: specialToken,
    sep_token: specialToken,
    cls_token: specialToken,
    mask_token: specialToken,
    clean_up_tokenization_spaces: z.boolean({ error: 'true or false' }).nullish(),
  },
  { error: 'an object' },
);

/** special_tokens_map.json */
export const specialTokensSchema = z.object(
  {
    bos_token: specialToken,
    eos_token: specialToken,
    unk_token: specialToken,
    pad_token: specialToken,
    sep_token: specialToken,
    cls_token: specialToken,
    mask_token: specialToken,
  },
  { error: 'an object' },
);

/** generation_config.json */
export const generationConfigSchema = z.object(
  { eos_token_id: tokenIds, pad_token_id: tokenIds },
  { error: 'an object' },
);

/** sentence_bert_config.json */
export const sentenceConfigSchema = z.object({ max_seq_length: count.nullish() }, { error: 'an object' });

/** 1_Pooling/config.json */
export const poolingSchema = z.object(
  {
    pooling_mode_cls_token: z.boolean({ error: 'true or false' }).nullish(),
    pooling_mode_mean_tokens: z.boolean({ error: 'true or false' }).nullish(),
    pooling_mode_lasttoken: z.boolean({ error: 'true or false' }).nullish(),
    pooling_mode_max_tokens: z.boolean({ error: 'true or false' }).nullish(),
    pooling_mode_mean_sqrt_len_tokens: z.boolean({ error: 'true or false' }).nullish(),
    pooling_mode_weightedmean_tokens: z.boolean({ error: 'true or false' }).nullish(),
  },
  { error: 'an object' },
);

/** modules.json: the steps of a model of sentence-transformers. */
export const modulesSchema = z.array(z.object({ path: text, type: text }, { error: 'an object' }), {
  error: 'an array',
});

export type FolderConfig = z.infer<typeof configSchema>;
export type TokenizerConfig = z.infer<typeof tokenizerConfigSchema>;
export type SpecialTokens = z.infer<typeof specialTokensSchema>;
export type PoolingConfig = z.infer<typeof poolingSchema>;

/** The parts of tokenizer.json that decide how text becomes tokens; their inside is the tokenizer library's matter. */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: TokenizerPart | null;
  readonly pre_tokenizer: TokenizerPart | null;
  readonly post_processor: TokenizerPart | null;
  readonly decoder: TokenizerPart | null;
  readonly model: TokenizerPart & {
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  };
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean | undefined;
}

/** One step of a tokenizer, or several in a row. */
export interface TokenizerPart {
  readonly type?: string | undefined;
  readonly [field: string]: unknown;
}

/** More tokens than any vocabulary has; a table is made over all ids. */
const mostIds = 2 ** 23;

function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < mostIds;
}

/** By hand: vocabularies have hundreds of thousands of entries, and a schema per entry takes seconds for them. */
function isVocabulary(value: unknown): boolean {
  if (Array.isArray(value)) {
    const isPiece = (item: unknown): boolean =>
      Array.isArray(item) && typeof item[0] === 'string' && typeof item[1] === 'number';
    return value.length > 0 && value.length < mostIds && value.every(isPiece);
  }
  if (typeof value !== 'object' || value === null) return false;
  const ids = Object.values(value);
  return ids.length > 0 && ids.every(isTokenId);
}

function isListOfMerges(value: unknown): boolean {
  const isMerge = (item: unknown): boolean =>
    typeof item === 'string' ||
    (Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string'));
  return Array.isArray(value) && value.every(isMerge);
}

const part = z
  .looseObject({ type: text.optional() }, { error: 'an object or null' })
  .nullish()
  .transform((value) => value ?? null);

/** tokenizer.json */
export const tokenizerSchema = z.object(
  {
    added_tokens: z
      .array(
        z.looseObject({
          id: z.custom<number>(isTokenId, { error: 'a token id' }),
          content: text.min(1, { error: 'a string that is not empty' }),
          special: z.boolean({ error: 'true or false' }).optional(),
        }),
        { error: 'an array' },
      )
      .nullish()
      .transform((tokens) => tokens ?? []),
    normalizer: part,
    pre_tokenizer: part,
    post_processor: part,
    decoder: part,
    model: z.looseObject(
      {
        type: text.optional(),
        vocab: z.custom<TokenizerJson['model']['vocab']>(isVocabulary, { error: 'tokens and their ids' }),
        merges: z.custom(isListOfMerges, { error: 'an array of pairs' }).optional(),
      },
      { error: 'an object' },
    ),
  },
  { error: 'an object' },
);
