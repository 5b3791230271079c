import { z } from 'zod';
import { reasoningFields } from './schemas/reasoning.js';
import { samplingFields } from './schemas/sampling.js';

/** What requests may leave to the server. */
const defaultFields = {
  seed: samplingFields.seed,
  stop: samplingFields.stop,
  temperature: samplingFields.temperature,
  top_k: samplingFields.top_k,
  top_p: samplingFields.top_p,
  min_p: samplingFields.min_p,
  typical_p: samplingFields.typical_p,
  repeat_penalty: samplingFields.repeat_penalty,
  repeat_last_n: samplingFields.repeat_last_n,
  presence_penalty: samplingFields.presence_penalty,
  frequency_penalty: samplingFields.frequency_penalty,
  logit_bias: samplingFields.logit_bias,
  ignore_eos: samplingFields.ignore_eos,
  samplers: samplingFields.samplers,
  dynatemp_range: samplingFields.dynatemp_range,
  dynatemp_exponent: samplingFields.dynatemp_exponent,
  top_n_sigma: samplingFields.top_n_sigma,
  xtc_probability: samplingFields.xtc_probability,
  xtc_threshold: samplingFields.xtc_threshold,
  dry_multiplier: samplingFields.dry_multiplier,
  dry_base: samplingFields.dry_base,
  dry_allowed_length: samplingFields.dry_allowed_length,
  dry_penalty_last_n: samplingFields.dry_penalty_last_n,
  dry_sequence_breakers: samplingFields.dry_sequence_breakers,
  mirostat: samplingFields.mirostat,
  mirostat_tau: samplingFields.mirostat_tau,
  mirostat_eta: samplingFields.mirostat_eta,
  adaptive_target: samplingFields.adaptive_target,
  adaptive_decay: samplingFields.adaptive_decay,
  grammar: samplingFields.grammar,
  json_schema: samplingFields.json_schema,
  ...reasoningFields,
};

const schema = z.strictObject({ ...defaultFields, n_predict: samplingFields.n_predict });

/**
 * Fields of requests by their names there, for requests that do not say. `n_predict` is for answers whose length is not
 * said by any of its names, or is -1. `grammar` and `json_schema` are for requests without constraint and tools.
 */
export type RequestDefaults = Readonly<z.input<typeof schema>>;
export type ResolvedDefaults = Readonly<z.output<typeof schema>>;

/** @throws RangeError for what a request could not say either. */
export function resolveDefaults(defaults: RequestDefaults = {}): ResolvedDefaults {
  const parsed = schema.safeParse(defaults);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.path.join('.') ?? '';
  const what =
    issue?.code === 'unrecognized_keys' ? `fields of requests, not ${issue.keys.join(', ')},` : issue?.message;
  throw new RangeError(`Expected ${String(what)} for defaults${name === '' ? '' : `.${name}`}.`);
}

type Body = Readonly<Record<string, unknown>>;

const lengths = ['max_completion_tokens', 'max_tokens', 'n_predict'] as const;
const constraints = ['grammar', 'json_schema'] as const;

function isConstrained(body: Body): boolean {
  const { grammar, json_schema: jsonSchema, response_format: format, tools, suffix } = body;
  const isPlain = format == null || (typeof format === 'object' && 'type' in format && format.type === 'text');
  const hasTools = Array.isArray(tools) && tools.length > 0;
  return (grammar != null && grammar !== '') || jsonSchema != null || !isPlain || hasTools || suffix != null;
}

/** For a request that does not say how long its answer may be, or says -1. */
function defaultLength(body: Body, most: number | null | undefined): Record<string, number> {
  if (most == null || most < 0) return {};
  const asked = lengths.filter((name) => body[name] != null);
  if (asked.length === 0) return { n_predict: most };
  return Object.fromEntries(asked.filter((name) => Number(body[name]) < 0).map((name) => [name, most]));
}

/** The body with what the server was started with where it says nothing. */
export function withDefaults<Fields extends object>(body: Fields, defaults: ResolvedDefaults): Fields {
  const given = Object.entries(defaults);
  if (given.length === 0) return body;
  const raw = body as Body;
  const { n_predict: most } = defaults;
  const filled = given.filter(([name, value]) => {
    if (value == null || name === 'n_predict' || raw[name] != null) return false;
    return !(constraints as readonly string[]).includes(name) || !isConstrained(raw);
  });
  return { ...body, ...Object.fromEntries(filled), ...defaultLength(raw, most) };
}
