/** The JSON of a `response`, at any point of its life. */
import type { AnswerUsage } from '../answer-format.js';
import type { ResponsesBody } from './request-body.js';

export type ResponseStatus = 'completed' | 'failed' | 'in_progress' | 'cancelled' | 'queued' | 'incomplete';

export interface ResponseState {
  readonly status: ResponseStatus;
  /** JSON of items, without brackets. */
  readonly output: string;
  readonly usage?: AnswerUsage;
  readonly error?: string;
}

export interface ResponseIdentity {
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly model: string;
}

function usageJson({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: AnswerUsage): string {
  return JSON.stringify({
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  });
}

type Format = NonNullable<ResponsesBody['text']>['format'];

function formatOf(format: Format): unknown {
  if (format == null) return { type: 'text' };
  return format.type === 'json_schema' ? { ...format, schema: format.schema.given } : format;
}

/** What it was asked with, as the answer repeats it. */
function settingsOf(body: Partial<ResponsesBody>, serviceTier: string): Record<string, unknown> {
  const { text, reasoning, tools } = body;
  return {
    background: body.background ?? false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: serviceTier,
    store: body.store ?? true,
    temperature: body.temperature ?? 0.8,
    text: { format: formatOf(text?.format), verbosity: text?.verbosity ?? 'medium' },
    tool_choice: body.tool_choice ?? 'auto',
    tools: (tools ?? []).map(({ type, name, description, parameters, strict }) => ({
      ...{ type, name, description: description ?? null, parameters: parameters ?? null, strict: strict ?? true },
    })),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 0.95,
    truncation: 'disabled',
    ...(body.user == null ? {} : { user: body.user }),
  };
}

export class ResponseText {
  readonly #identity: ResponseIdentity;
  readonly #settings: string;

  /** `body`: what is known of the request. */
  constructor(identity: ResponseIdentity, body: Partial<ResponsesBody>, serviceTier = 'default') {
    this.#identity = identity;
    this.#settings = JSON.stringify(settingsOf(body, serviceTier)).slice(1);
  }

  get id(): string {
    return this.#identity.id;
  }

  json({ status, output, usage, error }: ResponseState): string {
    const { id, createdAt, model } = this.#identity;
    const fault = error === undefined ? 'null' : JSON.stringify({ code: 'server_error', message: error });
    const completedAt = status === 'completed' ? String(Math.floor(Date.now() / 1000)) : 'null';
    const incomplete = status === 'incomplete' ? '{"reason":"max_output_tokens"}' : 'null';
    return (
      `{"id":"${id}","object":"response","created_at":${String(createdAt)},"completed_at":${completedAt},` +
      `"status":"${status}","error":${fault},"incomplete_details":${incomplete},"model":${JSON.stringify(model)},` +
      `"output":[${output}],${usage === undefined ? '' : `"usage":${usageJson(usage)},`}${this.#settings}`
    );
  }
}
