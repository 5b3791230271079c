import { tiers } from '../native-types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import type { RequestScheduling } from './request-scheduling.js';
import type { ChatCompletionBody } from './schemas/chat-completions.js';
import type { CompletionBody } from './schemas/completions.js';
import type { Prompt } from './schemas/prompts.js';
import type { SamplingBody } from './schemas/sampling.js';

/** Seeds the engine takes: 0 to 2^32 - 2. */
const seeds = 0xffff_ffff;
/** What OpenAI's documentation gives /v1/completions when the request does not say. */
const completionTokensDefault = 16;

type Sampling = Omit<
  NativeGenerationRequest,
  'prompt' | 'tokens' | 'messagesJson' | 'toolsJson' | 'templateArgumentsJson'
>;

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
  if (body.json_schema != null) return { jsonSchema: wellFormedJson(body.json_schema) };
  const format = body.response_format;
  if (format?.type === 'json_object') return { jsonSchema: wellFormedJson(format.schema ?? { type: 'object' }) };
  if (format?.type === 'json_schema') return { jsonSchema: wellFormedJson(format.json_schema.schema) };
  return {};
}

/** The n-th choice of a seeded request has its own seed, so that choices differ and still repeat. */
function seedOf(body: SamplingBody, choice: number): number {
  if (body.seed == null || body.seed === -1) return -1;
  return (((body.seed + choice) % seeds) + seeds) % seeds;
}

function logitBiasOf(body: SamplingBody): { logitBias?: Float64Array } {
  const pairs = Object.entries(body.logit_bias ?? {}).flatMap(([token, bias]) => [Number(token), bias]);
  return pairs.length === 0 ? {} : { logitBias: Float64Array.from(pairs) };
}

/** Tokens the repeat penalty looks back on. The engine reserves room for them: never more than the context holds. */
function repeatLastNOf(body: SamplingBody, contextSize: number): number {
  const asked = body.repeat_last_n ?? 64;
  return asked === -1 ? contextSize : Math.min(asked, contextSize);
}

/** What all choices of an answer share. */
interface AnswerSettings {
  readonly contextSize: number;
  /** -1 for as many as fit. */
  readonly maxTokens: number;
  /** Alternatives per token; -1 for no logprobs. */
  readonly logprobs: number;
  readonly scheduling: RequestScheduling;
}

function samplingOf(body: SamplingBody, settings: AnswerSettings, choice: number): Sampling {
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []);
  return {
    maxTokens: settings.maxTokens,
    temperature: body.temperature ?? 0.8,
    topK: Math.max(0, body.top_k ?? 40),
    topP: body.top_p ?? 0.95,
    minP: body.min_p ?? 0.05,
    typicalP: body.typical_p ?? 1,
    repeatPenalty: body.repeat_penalty ?? 1,
    repeatLastN: repeatLastNOf(body, settings.contextSize),
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    seed: seedOf(body, choice),
    ...logitBiasOf(body),
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

/** One request per choice. */
export function chatRequests(
  body: ChatCompletionBody,
  contextSize: number,
  scheduling: RequestScheduling,
): NativeGenerationRequest[] {
  const messages = body.messages.map(({ role, content, ...rest }) => ({
    // Templates know "system" only; "developer" is its newer name at OpenAI.
    role: role === 'developer' ? 'system' : role,
    content: content ?? null,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null)),
  }));
  const shared = {
    messagesJson: wellFormedJson(messages),
    ...(body.tools != null && body.tools.length > 0 && body.tool_choice !== 'none'
      ? { toolsJson: wellFormedJson(body.tools) }
      : {}),
    ...(body.chat_template_kwargs == null ? {} : { templateArgumentsJson: wellFormedJson(body.chat_template_kwargs) }),
  };
  const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? -1;
  const logprobs = body.logprobs === true ? (body.top_logprobs ?? 0) : -1;
  const settings = { contextSize, maxTokens, logprobs, scheduling };
  return Array.from({ length: body.n ?? 1 }, (_, choice) => ({ ...shared, ...samplingOf(body, settings, choice) }));
}

function promptFields(prompt: Prompt): { prompt: string } | { tokens: Int32Array } {
  return typeof prompt === 'string' ? { prompt } : { tokens: Int32Array.from(prompt) };
}

/** One request per prompt and choice, prompts first. */
export function completionRequests(
  body: CompletionBody,
  contextSize: number,
  scheduling: RequestScheduling,
): NativeGenerationRequest[] {
  const maxTokens = body.max_tokens ?? completionTokensDefault;
  const settings = { contextSize, maxTokens, logprobs: body.logprobs ?? -1, scheduling };
  return body.prompt.flatMap((prompt) =>
    Array.from({ length: body.n ?? 1 }, (_, choice) => ({
      ...promptFields(prompt),
      ...samplingOf(body, settings, choice),
    })),
  );
}
