import { trace } from '@opentelemetry/api';
import type { Attributes, Context } from '@opentelemetry/api';
import type { GenerationEnd } from '../api/token-sink.js';
import { tiers } from '../native-types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import { inputMessages, outputMessages } from './captured-content.js';
import type { SpanWriter } from './span-writer.js';

const usPerMs = 1000;
const usPerSecond = 1e6;

interface Choice {
  readonly index: number;
  readonly request: NativeGenerationRequest;
  readonly end: GenerationEnd;
  /** Undefined unless it is captured. */
  readonly text: string | undefined;
}

/** What a request had generated: one generation per choice. */
export interface InferenceFacts {
  readonly modelId: string;
  /** Neighbouring choices that share a prompt. */
  readonly choicesPerPrompt: number;
  readonly isStreamed: boolean;
}

function requestAttributes(request: NativeGenerationRequest, { modelId, isStreamed }: InferenceFacts): Attributes {
  return {
    'gen_ai.operation.name': request.messagesJson === undefined ? 'text_completion' : 'chat',
    'gen_ai.provider.name': 'inferno',
    'gen_ai.request.model': modelId,
    'gen_ai.response.model': modelId,
    'gen_ai.request.stream': isStreamed,
    'gen_ai.request.temperature': request.temperature,
    'gen_ai.request.top_p': request.topP,
    'gen_ai.request.top_k': request.topK,
    'gen_ai.request.presence_penalty': request.presencePenalty,
    'gen_ai.request.frequency_penalty': request.frequencyPenalty,
    ...(request.maxTokens < 0 ? {} : { 'gen_ai.request.max_tokens': request.maxTokens }),
    ...(request.seed < 0 ? {} : { 'gen_ai.request.seed': request.seed }),
    'inferno.priority': tiers[request.tier] ?? 'normal',
  };
}

/** The phases of one generation, end to end: where it was parked meanwhile, only their lengths are exact. */
function writePhases({ index, end }: Choice, isOnly: boolean, writer: SpanWriter, parent: Context): void {
  const { timings, moments, usage } = end;
  const tokenized = moments.submittedUs + timings.tokenizeMs * usPerMs;
  const started = tokenized + timings.queueMs * usPerMs;
  const prefilled = started + timings.prefillMs * usPerMs;
  const choice = isOnly ? {} : { 'inferno.choice.index': index };
  const write = (name: string, startUs: number, endUs: number, attributes: Attributes): void => {
    if (endUs > startUs) writer.write({ name, startUs, endUs, attributes: { ...choice, ...attributes } }, parent);
  };
  write('tokenize', moments.submittedUs, tokenized, {});
  write('queue', tokenized, started, { 'inferno.preemptions': end.preemptions });
  write('prefill', started, prefilled, {
    'inferno.tokens.prompt': usage.promptTokens,
    'inferno.tokens.cached': usage.cachedTokens,
  });
  write('decode', prefilled, moments.endedUs, {
    'inferno.tokens.completion': usage.completionTokens,
    'inferno.tokens.drafted': usage.draftedTokens,
    'inferno.tokens.accepted': usage.acceptedTokens,
    'inferno.detokenize.duration': timings.detokenizeMs / usPerMs,
  });
}

/** Gathers the generations of one request until all have ended. */
export class Inference {
  readonly #facts: InferenceFacts;
  readonly #choices: Choice[] = [];

  constructor(facts: InferenceFacts) {
    this.#facts = facts;
  }

  add(choice: Choice): void {
    this.#choices.push(choice);
  }

  get isEmpty(): boolean {
    return this.#choices.length === 0;
  }

  /** REQUIRES: not empty. */
  get startUs(): number {
    return Math.min(...this.#choices.map(({ end }) => end.moments.submittedUs));
  }

  get endUs(): number {
    return Math.max(...this.#choices.map(({ end }) => end.moments.endedUs));
  }

  /** Why the first one that failed did. */
  get errorCode(): string | undefined {
    return this.#choices.find(({ end }) => end.stopReason === 'error')?.end.error?.code;
  }

  write(writer: SpanWriter, parent: Context): void {
    this.#choices.sort((a, b) => a.index - b.index);
    const [first] = this.#choices;
    if (first === undefined) return;
    const attributes = { ...requestAttributes(first.request, this.#facts), ...this.#answerAttributes(first) };
    const firstTokenUs = this.#firstTokenUs();
    const span = writer.write(
      {
        name: `${String(attributes['gen_ai.operation.name'])} ${this.#facts.modelId}`,
        startUs: this.startUs,
        endUs: this.endUs,
        attributes,
        errorCode: this.errorCode,
        ...(firstTokenUs === undefined ? {} : { event: { name: 'first_token', atUs: firstTokenUs } }),
      },
      parent,
    );
    const context = trace.setSpan(parent, span);
    for (const choice of this.#choices) writePhases(choice, this.#choices.length === 1, writer, context);
  }

  #answerAttributes(first: Choice): Attributes {
    const count = (of: (end: GenerationEnd) => number): number =>
      this.#choices.reduce((sum, { end }) => sum + of(end), 0);
    // A prompt that several choices share is counted once, as in the answer's usage.
    const prompts = this.#choices.filter(({ index }) => index % this.#facts.choicesPerPrompt === 0);
    const firstTokenUs = this.#firstTokenUs();
    return {
      ...(this.#choices.length === 1 ? {} : { 'gen_ai.request.choice.count': this.#choices.length }),
      'gen_ai.response.finish_reasons': this.#choices.map(({ end }) => end.stopReason),
      'gen_ai.usage.input_tokens': prompts.reduce((sum, { end }) => sum + end.usage.promptTokens, 0),
      'gen_ai.usage.cache_read.input_tokens': prompts.reduce((sum, { end }) => sum + end.usage.cachedTokens, 0),
      'gen_ai.usage.output_tokens': count(({ usage }) => usage.completionTokens),
      'inferno.preemptions': count(({ preemptions }) => preemptions),
      ...(firstTokenUs === undefined
        ? {}
        : { 'gen_ai.response.time_to_first_chunk': (firstTokenUs - this.startUs) / usPerSecond }),
      ...this.#content(first),
    };
  }

  #content(first: Choice): Attributes {
    const choices = this.#choices.flatMap(({ text, request, end }) =>
      text === undefined ? [] : [{ text, isEscaped: request.escapeJson, finishReason: end.stopReason }],
    );
    if (choices.length === 0) return {};
    const input = inputMessages(first.request);
    return {
      ...(input === undefined ? {} : { 'gen_ai.input.messages': input }),
      'gen_ai.output.messages': outputMessages(choices),
    };
  }

  #firstTokenUs(): number | undefined {
    const times = this.#choices.map(({ end }) => end.moments.firstTokenUs).filter((us) => us > 0);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
