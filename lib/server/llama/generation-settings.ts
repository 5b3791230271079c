import { samplerNames } from '../../native-sampling-types.js';
import type { ResolvedDefaults } from '../request-defaults.js';
import type { LlamaBody } from '../schemas/llama-completion.js';

/** What llama-server reports as the seed that was left to chance. */
const randomSeed = 0xffff_ffff;
/** Only an explicit order has these two. */
const rarelyOrdered: ReadonlySet<string> = new Set(['infill', 'adaptive_p']);
const usualOrder = samplerNames.filter((name) => !rarelyOrdered.has(name));
const usualBreakers = ['\n', ':', '"', '*'];

type SettingsBody = Partial<Omit<LlamaBody, 'stop'>> & ResolvedDefaults;

/** Tokens to generate at most, by llama-server's three names for it; -1 is no limit. */
export function predictedMost(body: SettingsBody): number {
  return body.n_predict ?? body.max_completion_tokens ?? body.max_tokens ?? -1;
}

/** Numbers and switches, which /props shows, too. */
export function samplingSettings(body: SettingsBody): Record<string, unknown> {
  const most = predictedMost(body);
  return {
    seed: body.seed == null || body.seed === -1 ? randomSeed : body.seed,
    temperature: body.temperature ?? 0.8,
    dynatemp_range: body.dynatemp_range ?? 0,
    dynatemp_exponent: body.dynatemp_exponent ?? 1,
    top_k: body.top_k ?? 40,
    top_p: body.top_p ?? 0.95,
    min_p: body.min_p ?? 0.05,
    top_n_sigma: body.top_n_sigma ?? -1,
    xtc_probability: body.xtc_probability ?? 0,
    xtc_threshold: body.xtc_threshold ?? 0.1,
    typical_p: body.typical_p ?? 1,
    repeat_last_n: body.repeat_last_n ?? 64,
    repeat_penalty: body.repeat_penalty ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    dry_multiplier: body.dry_multiplier ?? 0,
    dry_base: body.dry_base ?? 1.75,
    dry_allowed_length: body.dry_allowed_length ?? 2,
    dry_penalty_last_n: body.dry_penalty_last_n ?? -1,
    dry_sequence_breakers: body.dry_sequence_breakers ?? usualBreakers,
    mirostat: body.mirostat ?? 0,
    mirostat_tau: body.mirostat_tau ?? 5,
    mirostat_eta: body.mirostat_eta ?? 0.1,
    adaptive_target: body.adaptive_target ?? -1,
    adaptive_decay: body.adaptive_decay ?? 0.9,
    max_tokens: most,
    n_predict: most,
    ignore_eos: body.ignore_eos ?? false,
    stream: body.stream ?? false,
    n_probs: body.n_probs ?? body.logprobs ?? 0,
    min_keep: body.min_keep ?? 0,
    samplers: body.samplers ?? usualOrder,
    timings_per_token: false,
    post_sampling_probs: false,
    backend_sampling: false,
    lora: [],
  };
}

/** The settings that an answer was generated with. A forbidden token's bias is null, as JSON has no infinity. */
export function generationSettings(body: SettingsBody, eosToken: number): Record<string, unknown> {
  const biases = (body.logit_bias ?? []).map(([token, bias]) => ({ token, bias }));
  const forbidden = body.ignore_eos === true ? [{ token: eosToken, bias: null }] : [];
  const { json_schema: schema, grammar } = body;
  return {
    ...samplingSettings(body),
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
    logit_bias: [...forbidden, ...biases],
    grammar: grammar ?? '',
    ...(schema == null ? {} : { json_schema: schema.given }),
  };
}
