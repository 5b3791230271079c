import type { GenerationEnd } from '../../api/token-sink.js';
import type { TokenLogprob } from '../../api/types.js';
import type { AnswerFormat, PartFraming, WholeChoice } from '../answer-format.js';
import { timingsOf } from '../answer-timings.js';
import type { ServedModel } from '../model-catalog.js';
import type { LlamaBody } from '../schemas/llama-completion.js';
import { generationSettings, predictedMost } from './generation-settings.js';
import { shownPrompt } from './prompt.js';
import type { EnginePrompt } from './prompt.js';

/** Sequences have no numbers that a client could use; llama-server takes -1 for any. */
const noSlot = -1;

function plainLogprob({ id, token, bytes, logprob }: Omit<TokenLogprob, 'top'>): Record<string, unknown> {
  return { id, token, bytes, logprob };
}

function probabilitiesOf(logprobs: readonly TokenLogprob[]): Record<string, unknown>[] {
  return logprobs.map((entry) => ({ ...plainLogprob(entry), top_logprobs: entry.top.map(plainLogprob) }));
}

/** The named fields only; `a/b` is the field b of a. */
function picked(answer: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const fields = names.flatMap((name) => {
    let value: unknown = answer;
    for (const key of name.split('/')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return [];
      value = (value as Record<string, unknown>)[key];
    }
    return [[name, value] as const];
  });
  return Object.fromEntries(fields);
}

function stopTypeOf({ stopReason, stopSequence }: GenerationEnd): 'eos' | 'word' | 'limit' {
  if (stopReason === 'length') return 'limit';
  return stopSequence === undefined ? 'eos' : 'word';
}

/** The text that each token adds, if the tokens together are the text; else all of it with the last. */
function piecesOf(text: string, logprobs: readonly TokenLogprob[]): readonly string[] {
  const pieces = logprobs.map(({ token }) => JSON.stringify(token).slice(1, -1));
  if (pieces.join('') === text) return pieces;
  return pieces.map((_, index) => (index === pieces.length - 1 ? text : ''));
}

export interface LlamaAnswer {
  readonly served: ServedModel;
  /** With the server's defaults in it. */
  readonly body: LlamaBody;
  readonly prompts: readonly EnginePrompt[];
  readonly choicesPerPrompt: number;
  readonly framing: PartFraming;
}

/** How llama-server writes the answers of /completion and /infill. */
export class LlamaFormat implements AnswerFormat {
  readonly #answer: LlamaAnswer;
  /** Nothing was to be generated; the engine makes one token at least. */
  readonly #isEmpty: boolean;
  readonly #showsProbabilities: boolean;
  readonly #predicted: number[] = [];
  readonly #hasNewLine: boolean[] = [];

  constructor(answer: LlamaAnswer) {
    this.#answer = answer;
    this.#isEmpty = predictedMost(answer.body) === 0;
    this.#showsProbabilities = (answer.body.n_probs ?? answer.body.logprobs ?? 0) > 0;
  }

  opening(): string {
    return '';
  }

  text(index: number, text: string): string {
    return this.#part(index, text, []);
  }

  textWithLogprobs(index: number, text: string, logprobs: readonly TokenLogprob[]): string {
    const pieces = piecesOf(text, logprobs);
    return logprobs.map((entry, at) => this.#part(index, pieces[at] ?? '', [entry])).join('');
  }

  /** A text completion neither thinks nor calls. */
  delta(): string {
    return '';
  }

  finish(index: number, _reason: string, end: GenerationEnd): string {
    const { before, after } = this.#answer.framing;
    const last = this.#last({ index, text: '', end, logprobs: undefined }, this.#hasNewLine[index] === true);
    return before + JSON.stringify(last) + after;
  }

  closing(): string {
    return '';
  }

  whole(choices: readonly WholeChoice[]): string {
    const answers = choices.map((choice) => {
      // An escaped line break; a backslash before an n is two.
      const hasNewLine = choice.text.replaceAll('\\\\', '').includes('\\n');
      return this.#last(choice, hasNewLine);
    });
    return JSON.stringify(answers.length === 1 ? answers[0] : answers);
  }

  #part(index: number, text: string, logprobs: readonly TokenLogprob[]): string {
    if (this.#isEmpty) return '';
    const { before, after } = this.#answer.framing;
    const predicted = (this.#predicted[index] ?? 0) + logprobs.length;
    this.#predicted[index] = predicted;
    if (text.replaceAll('\\\\', '').includes('\\n')) this.#hasNewLine[index] = true;
    const tokens = logprobs.map(({ id }) => id).join(',');
    const probabilities = this.#showsProbabilities
      ? `,"completion_probabilities":${JSON.stringify(probabilitiesOf(logprobs))}`
      : '';
    return (
      `${before}{"index":${String(index)},"content":"${text}","tokens":[${tokens}],"stop":false,` +
      `"id_slot":${String(noSlot)},"tokens_predicted":${String(predicted)}${probabilities}}${after}`
    );
  }

  #last(
    { index, text, end, logprobs }: Pick<WholeChoice, 'index' | 'text' | 'end' | 'logprobs'>,
    hasNewLine: boolean,
  ): Record<string, unknown> {
    const { served, body } = this.#answer;
    const { promptTokens, completionTokens } = end.usage;
    const { contextSize, eosToken } = served.model.info;
    const isFull = end.stopReason === 'length' && promptTokens + completionTokens >= contextSize;
    const shown = this.#isEmpty ? [] : (logprobs ?? []);
    const answer = {
      index,
      content: this.#isEmpty ? '' : (JSON.parse(`"${text}"`) as string),
      tokens: body.return_tokens === true ? shown.map(({ id }) => id) : [],
      id_slot: noSlot,
      stop: true,
      model: served.id,
      tokens_predicted: this.#isEmpty ? 0 : completionTokens,
      tokens_evaluated: promptTokens,
      generation_settings: generationSettings(body, eosToken),
      prompt: this.#promptOf(index),
      has_new_line: hasNewLine && !this.#isEmpty,
      truncated: isFull,
      stop_type: stopTypeOf(end),
      stopping_word: end.stopSequence ?? '',
      tokens_cached: promptTokens + completionTokens,
      timings: timingsOf({ ...end.usage, ...end.timings }),
      ...(this.#showsProbabilities && shown.length > 0 ? { completion_probabilities: probabilitiesOf(shown) } : {}),
    };
    const names = body.response_fields ?? [];
    return names.length === 0 ? answer : picked(answer, names);
  }

  #promptOf(index: number): string {
    const { prompts, choicesPerPrompt, served } = this.#answer;
    const prompt = prompts[Math.floor(index / choicesPerPrompt)];
    return prompt === undefined ? '' : shownPrompt(prompt, served.model);
  }
}
