import type { NativeGenerationRequest } from '../native-types.js';
import type { ChatCompletionBody } from './schemas/chat-completions.js';
import type { CompletionBody, Prompt } from './schemas/completions.js';
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

function constraintOf(body: SamplingBody): ConstraintFields {
  if (body.grammar != null && body.grammar !== '') return { grammar: body.grammar };
  if (body.json_schema != null) return { jsonSchema: JSON.stringify(body.json_schema) };
  const format = body.response_format;
  if (format?.type === 'json_object') return { jsonSchema: JSON.stringify(format.schema ?? { type: 'object' }) };
  if (format?.type === 'json_schema') return { jsonSchema: JSON.stringify(format.json_schema.schema) };
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

function samplingOf(body: SamplingBody, maxTokens: number, logprobs: number, choice: number): Sampling {
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []);
  return {
    maxTokens,
    temperature: body.temperature ?? 0.8,
    topK: Math.max(0, body.top_k ?? 40),
    topP: body.top_p ?? 0.95,
    minP: body.min_p ?? 0.05,
    typicalP: body.typical_p ?? 1,
    repeatPenalty: body.repeat_penalty ?? 1,
    repeatLastN: body.repeat_last_n ?? 64,
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    seed: seedOf(body, choice),
    ...logitBiasOf(body),
    ...constraintOf(body),
    ...(stop.length === 0 ? {} : { stop }),
    logprobs,
    ignoreEos: body.ignore_eos ?? false,
    // Text goes to the socket between prebuilt parts of JSON, so the engine escapes it.
    escapeJson: true,
  };
}

/** One request per choice. */
export function chatRequests(body: ChatCompletionBody): NativeGenerationRequest[] {
  const messages = body.messages.map(({ role, content, ...rest }) => ({
    // Templates know "system" only; "developer" is its newer name at OpenAI.
    role: role === 'developer' ? 'system' : role,
    content: content ?? null,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null)),
  }));
  const shared = {
    messagesJson: JSON.stringify(messages),
    ...(body.tools != null && body.tools.length > 0 && body.tool_choice !== 'none'
      ? { toolsJson: JSON.stringify(body.tools) }
      : {}),
    ...(body.chat_template_kwargs == null ? {} : { templateArgumentsJson: JSON.stringify(body.chat_template_kwargs) }),
  };
  const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? -1;
  const logprobs = body.logprobs === true ? (body.top_logprobs ?? 0) : -1;
  return Array.from({ length: body.n ?? 1 }, (_, choice) => ({
    ...shared,
    ...samplingOf(body, maxTokens, logprobs, choice),
  }));
}

function promptFields(prompt: Prompt): { prompt: string } | { tokens: Int32Array } {
  return typeof prompt === 'string' ? { prompt } : { tokens: Int32Array.from(prompt) };
}

/** One request per prompt and choice, prompts first. */
export function completionRequests(body: CompletionBody): NativeGenerationRequest[] {
  const maxTokens = body.max_tokens ?? completionTokensDefault;
  return body.prompt.flatMap((prompt) =>
    Array.from({ length: body.n ?? 1 }, (_, choice) => ({
      ...promptFields(prompt),
      ...samplingOf(body, maxTokens, body.logprobs ?? -1, choice),
    })),
  );
}
