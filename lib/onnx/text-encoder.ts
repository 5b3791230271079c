import { InfernoError } from '../errors.js';
import type { Work, WorkScheduling } from '../api/work.js';
import type { Classifications, EncodingOptions, Relevances, ScoringOptions } from '../manager/model-source.js';
import { tiers } from '../native-types.js';
import type { NativeEmbeddings } from '../native-types.js';
import type { OnnxModelFolder } from './model-folder.js';
import { normalized, sigmoid, softmax } from '../api/scores.js';
import type { SequenceBatcher, SequenceOptions } from './sequence-batcher.js';
import type { EncodedInput, TextTokenizer } from './tokenizer.js';

/** What rows mean, by the folder's config.json. */
export interface LabelSettings {
  readonly labels: readonly string[];
  /** Each class for itself, not one of all. */
  readonly isMultiLabel: boolean;
  /** A cross-encoder whose scores are probabilities as they are, or are to stay raw. */
  readonly keepsRelevance: boolean;
}

export function labelSettingsOf({ config }: OnnxModelFolder): LabelSettings {
  const names = Object.entries(config.id2label ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  const activation =
    config.sentence_transformers?.activation_fn ?? config.sbert_ce_default_activation_function ?? undefined;
  return {
    labels: names.map(([, label]) => label),
    isMultiLabel: config.problem_type === 'multi_label_classification',
    keepsRelevance: activation?.endsWith('Identity') === true,
  };
}

export interface EncoderParts {
  readonly folder: OnnxModelFolder;
  readonly tokenizer: TextTokenizer;
  readonly batcher: SequenceBatcher;
}

/** Texts to vectors, relevances or classes, with an encoder's graph. */
export class TextEncoder {
  readonly maxLength: number;
  readonly #tokenizer: TextTokenizer;
  readonly #batcher: SequenceBatcher;
  readonly #settings: LabelSettings;

  constructor({ folder, tokenizer, batcher }: EncoderParts) {
    this.#tokenizer = tokenizer;
    this.#batcher = batcher;
    this.#settings = labelSettingsOf(folder);
    this.maxLength = batcher.maxLength;
  }

  /** Token ids are taken as they are. */
  embed(
    inputs: readonly (string | Int32Array)[],
    normalize: boolean,
    { truncate = false, scheduling }: EncodingOptions = {},
  ): Work<NativeEmbeddings> {
    const encoded = inputs.map((input, index) =>
      typeof input === 'string'
        ? this.#encode(input, undefined, truncate)
        : this.#given(input, `input[${String(index)}]`, truncate),
    );
    return this.#compute(encoded, scheduling, (rows, tokens) => ({
      embeddings: normalize ? rows.map(normalized) : rows,
      tokens,
    }));
  }

  /** Of each document to the query: 0 to 1, or what the graph gives. */
  rerank(
    query: string,
    documents: readonly string[],
    { truncate = true, raw = false, scheduling }: ScoringOptions = {},
  ): Work<Relevances> {
    const encoded = documents.map((document) => this.#encode(query, document, truncate));
    const isRaw = raw || this.#settings.keepsRelevance;
    return this.#compute(encoded, scheduling, (rows, tokens) => ({
      scores: Float32Array.from(rows, ([logit = 0]) => (isRaw ? logit : sigmoid(logit))),
      tokens,
    }));
  }

  /** Of each input, by class. */
  classify(
    inputs: readonly string[],
    { truncate = false, raw = false, scheduling }: ScoringOptions = {},
  ): Work<Classifications> {
    const encoded = inputs.map((input) => this.#encode(input, undefined, truncate));
    const { labels, isMultiLabel } = this.#settings;
    const probabilities = (row: Float32Array): Float32Array => (isMultiLabel ? row.map(sigmoid) : softmax(row));
    return this.#compute(encoded, scheduling, (rows, tokens) => ({
      labels,
      scores: raw ? rows : rows.map(probabilities),
      tokens,
    }));
  }

  #encode(text: string, pair: string | undefined, truncate: boolean): EncodedInput {
    const input = this.#tokenizer.encode(text, pair, { maxLength: this.maxLength, truncate });
    if (input.ids.length === 0) throw new InfernoError('empty_prompt', 'The input has no tokens.');
    return input;
  }

  #given(ids: Int32Array, name: string, truncate: boolean): EncodedInput {
    if (ids.length === 0) throw new InfernoError('empty_prompt', `${name} has no tokens.`);
    const { vocabularySize } = this.#tokenizer;
    const unknown = ids.find((id) => id < 0 || id >= vocabularySize);
    if (unknown !== undefined) {
      const message = `Expected token ids below ${String(vocabularySize)} for ${name} but received ${String(unknown)}.`;
      throw new InfernoError('invalid_argument', message, { param: name });
    }
    if (ids.length <= this.maxLength) return { ids };
    if (truncate) return { ids: ids.slice(0, this.maxLength) };
    const message = `${name} has ${String(ids.length)} tokens, but the model takes at most ${String(this.maxLength)}.`;
    throw new InfernoError('context_length_exceeded', message);
  }

  #compute<Result>(
    inputs: readonly EncodedInput[],
    scheduling: WorkScheduling | undefined,
    gather: (rows: Float32Array[], tokens: number) => Result,
  ): Work<Result> {
    const tokens = inputs.reduce((sum, { ids }) => sum + ids.length, 0);
    const { promise, cancel } = this.#batcher.submit(inputs, sequenceOptions(scheduling));
    return { promise: promise.then((rows) => gather(rows, tokens)), cancel };
  }
}

function sequenceOptions(scheduling: WorkScheduling | undefined): SequenceOptions {
  if (scheduling === undefined) return {};
  const { tier, user, deadlineMs } = scheduling;
  return {
    priority: tiers[tier],
    ...(user === '' ? {} : { user }),
    ...(deadlineMs === 0 ? {} : { deadlineMs }),
  };
}
