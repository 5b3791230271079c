import { tiers } from '../native-types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import { chatTurns } from './chat-turns.js';
import type { ServableModel } from './model-catalog.js';
import { requireRoomForChat, requireRoomForPrompts } from './prompt-length.js';
import type { RequestScheduling } from './request-scheduling.js';
import type { ChatCompletionBody } from './schemas/chat-completions.js';
import type { CompletionBody } from './schemas/completions.js';
import type { Prompt } from './schemas/prompts.js';
import { rareSamplers } from './schemas/rare-samplers.js';
import { reasoningRequest } from './schemas/reasoning.js';
import type { SamplingBody } from './schemas/sampling.js';
import { offeredTools } from './schemas/tools.js';

/** Seeds the engine takes: 0 to 2^32 - 2. */
const seeds = 0xffff_ffff;
/** What OpenAI's documentation gives /v1/completions when the request does not say. */
const completionTokensDefault = 16;

type Sampling = Omit<
  NativeGenerationRequest,
  'prompt' | 'tokens' | 'messagesJson' | 'toolsJson' | 'templateArgumentsJson'
>;

/** What requests need to know of a model. */
export type RequestedModel = Pick<ServableModel, 'info' | 'tokenize'>;

interface ConstraintFields {
  readonly grammar?: string;
  readonly jsonSchema?: string;
}

/**
 * JSON for the engine's parser, which refuses the lone surrogates that JavaScript's strings and JSON may hold. They
 * become U+FFFD, as in every conversion to UTF-8.
 */
function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes lone surrogates and no others.
  if (!/\\ud[89a-f]/.test(json)) return json;
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'string' ? Buffer.from(item, 'utf8').toString('utf8') : item,
  );
}

function constraintOf(body: SamplingBody): ConstraintFields {
  if (body.grammar != null && body.grammar !== '') return { grammar: body.grammar };
  if (body.json_schema != null) return { jsonSchema: wellFormedJson(body.json_schema.kept) };
  const format = body.response_format;
  if (format?.type === 'json_object') return { jsonSchema: wellFormedJson(format.schema?.kept ?? { type: 'object' }) };
  if (format?.type === 'json_schema') return { jsonSchema: wellFormedJson(format.json_schema.schema.kept) };
  return {};
}

/** The n-th choice of a seeded request has its own seed, so that choices differ and still repeat. */
function seedOf(body: SamplingBody, choice: number): number {
  if (body.seed == null || body.seed === -1) return -1;
  return (((body.seed + choice) % seeds) + seeds) % seeds;
}

const asPlainText = { addSpecial: false, parseSpecial: true };

/** A text stands for each of its tokens. */
function logitBiasOf(body: SamplingBody, model: RequestedModel): { logitBias?: Float64Array } {
  const pairs = (body.logit_bias ?? []).flatMap(([token, bias]) =>
    typeof token === 'number'
      ? [token, bias]
      : [...(model.tokenize?.(token, asPlainText) ?? [])].flatMap((id) => [id, bias]),
  );
  return pairs.length === 0 ? {} : { logitBias: Float64Array.from(pairs) };
}

/** Tokens the repeat penalty looks back on. The engine reserves room for them: never more than the context holds. */
function repeatLastNOf(body: SamplingBody, contextSize: number): number {
  const asked = body.repeat_last_n ?? 64;
  return asked === -1 ? contextSize : Math.min(asked, contextSize);
}

/** What all choices of an answer share. */
interface AnswerSettings {
  readonly model: RequestedModel;
  /** -1 for as many as fit. */
  readonly maxTokens: number;
  /** Alternatives per token; -1 for no logprobs. */
  readonly logprobs: number;
  readonly scheduling: RequestScheduling;
}

function samplingOf(body: SamplingBody, settings: AnswerSettings, choice: number): Sampling {
  const { model } = settings;
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []);
  return {
    maxTokens: settings.maxTokens,
    temperature: body.temperature ?? 0.8,
    topK: Math.max(0, body.top_k ?? 40),
    topP: body.top_p ?? 0.95,
    minP: body.min_p ?? 0.05,
    typicalP: body.typical_p ?? 1,
    repeatPenalty: body.repeat_penalty ?? 1,
    repeatLastN: repeatLastNOf(body, model.info.contextSize),
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    seed: seedOf(body, choice),
    ...logitBiasOf(body, model),
    ...rareSamplers(body, model.info.contextSize),
    ...constraintOf(body),
    ...(stop.length === 0 ? {} : { stop }),
    logprobs: settings.logprobs,
    ignoreEos: body.ignore_eos ?? false,
    // Text goes to the socket between prebuilt parts of JSON, so the engine escapes it.
    escapeJson: true,
    tier: tiers.indexOf(settings.scheduling.tier),
    user: settings.scheduling.user,
    deadlineMs: settings.scheduling.deadlineMs,
    estimatedTokens: settings.scheduling.estimatedTokens,
  };
}

/** Tokens of an answer at most: the first that is given. -1 for as many as fit. */
function maxTokensOf(...asked: readonly (number | null | undefined)[]): number {
  return asked.find((value) => value != null) ?? -1;
}

/** Where one function is named, one call of it is meant. */
function parallelOf({ parallel_tool_calls: asked, tool_choice: choice }: ChatCompletionBody): {
  parallelToolCalls?: boolean;
} {
  if (asked != null) return { parallelToolCalls: asked };
  return choice != null && typeof choice === 'object' && choice.type === 'function' ? { parallelToolCalls: false } : {};
}

function toolsOf(
  body: ChatCompletionBody,
): Pick<NativeGenerationRequest, 'toolsJson' | 'toolChoice' | 'parallelToolCalls'> {
  const { tools, choice } = offeredTools(body);
  if (choice === 'none') return {};
  return {
    toolsJson: wellFormedJson(tools),
    toolChoice: choice,
    ...parallelOf(body),
  };
}

/**
 * One request per choice.
 * @throws InfernoError `context_length_exceeded` for what cannot fit.
 */
export function chatRequests(
  body: ChatCompletionBody,
  model: RequestedModel,
  scheduling: RequestScheduling,
): NativeGenerationRequest[] {
  const { templateArguments, ...reasoning } = reasoningRequest(body);
  const tools = toolsOf(body);
  requireRoomForChat(body.messages, model.info, tools.toolsJson);
  const shared = {
    messagesJson: wellFormedJson(chatTurns(body.messages)),
    ...tools,
    ...reasoning,
    ...(body.continue_final_message === true ? { continueFinalMessage: true } : {}),
    ...(Object.keys(templateArguments).length === 0
      ? {}
      : { templateArgumentsJson: wellFormedJson(templateArguments) }),
  };
  const maxTokens = maxTokensOf(body.max_completion_tokens, body.max_tokens, body.n_predict);
  const logprobs = body.logprobs === true ? (body.top_logprobs ?? body.n_probs ?? 0) : -1;
  const settings = { model, maxTokens, logprobs, scheduling };
  return Array.from({ length: body.n ?? 1 }, (_, choice) => {
    const { jsonSchema, ...sampling } = samplingOf(body, settings, choice);
    // Where a call is forced there is no content for a schema to describe.
    const constraint = jsonSchema === undefined || tools.toolChoice === 'required' ? {} : { jsonSchema };
    return { ...shared, ...sampling, ...constraint };
  });
}

function promptFields(prompt: Prompt): { prompt: string } | { tokens: Int32Array } {
  return typeof prompt === 'string' ? { prompt } : { tokens: Int32Array.from(prompt) };
}

/** Choices that are made of each prompt; the best are kept. */
export function choicesMade(body: CompletionBody): number {
  return Math.max(body.n ?? 1, body.best_of ?? 1);
}

/**
 * One request per prompt and choice, prompts first.
 * @throws InfernoError `context_length_exceeded` for what cannot fit.
 */
export function completionRequests(
  body: CompletionBody,
  model: RequestedModel,
  scheduling: RequestScheduling,
): NativeGenerationRequest[] {
  requireRoomForPrompts(body.prompt, model.info);
  const maxTokens = maxTokensOf(body.max_tokens, body.n_predict, completionTokensDefault);
  const made = choicesMade(body);
  // The best are those with the likeliest tokens.
  const logprobs = body.logprobs ?? (made > (body.n ?? 1) ? 0 : -1);
  const settings = { model, maxTokens, logprobs, scheduling };
  const suffix = body.suffix == null || body.suffix === '' ? {} : { suffix: body.suffix };
  return body.prompt.flatMap((prompt) =>
    Array.from({ length: made }, (_, choice) => ({
      ...promptFields(prompt),
      ...suffix,
      ...samplingOf(body, settings, choice),
    })),
  );
}
