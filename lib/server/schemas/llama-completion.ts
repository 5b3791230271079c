import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { arrayOf, flag, integerBetween, numberBetween, text } from './fields.js';
import { isOverlong, llamaLogitBiasForm } from './logit-bias.js';
import { samplingFields, samplingRules } from './sampling.js';
import type { RawBody } from './sampling.js';
import { writtenAs } from './written-as.js';

const promptError =
  'a text, an array of texts and token ids, an object such as {"prompt_string": "…"}, or an array of these';
/** Answers of one request: prompts times n. */
const mostChoices = 128;
const mostTokens = 2_000_000;

/** Texts and token ids in the order in which they are one prompt. */
export type MixedPrompt = readonly (string | number)[];

function isToken(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff;
}

/** One prompt in any of llama-server's forms. */
function onePrompt(value: unknown): MixedPrompt | undefined {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) {
    const isMixed = value.length > 0 && value.every((item) => typeof item === 'string' || isToken(item));
    return isMixed ? value : undefined;
  }
  if (typeof value !== 'object' || value === null || !('prompt_string' in value)) return undefined;
  const hasMedia = 'multimodal_data' in value && value.multimodal_data != null;
  return typeof value.prompt_string === 'string' && !hasMedia ? [value.prompt_string] : undefined;
}

/** An array with a token id in it is one prompt; one of texts is several. */
export function mixedPromptsOf(value: unknown): readonly MixedPrompt[] | undefined {
  if (!Array.isArray(value) || (value as unknown[]).some(isToken)) {
    const prompt = onePrompt(value);
    return prompt && [prompt];
  }
  const prompts = (value as unknown[]).map(onePrompt);
  const found = prompts.filter((prompt) => prompt !== undefined);
  return found.length === prompts.length && found.length > 0 ? found : undefined;
}

const tokenForm = z.int().min(0).max(0x7fffffff);
const mixedForm = z.array(z.union([z.string(), tokenForm])).min(1);
const promptObjectForm = z.object({ prompt_string: z.string(), multimodal_data: z.null().optional() });

/** What `mixedPromptsOf` takes, for `writtenAs`. */
export const mixedPromptsForm = z.union([
  z.string(),
  promptObjectForm,
  mixedForm,
  z.array(z.union([z.string(), promptObjectForm, mixedForm])).min(1),
]);

const prompts = writtenAs(
  mixedPromptsForm,
  z.unknown().transform((value, context): readonly MixedPrompt[] => {
    const found = mixedPromptsOf(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: promptError, input: value });
    return z.NEVER;
  }),
);

const stopError = 'a text, or an array of at most 16 texts';
const mostStops = 64;

function isStop(value: unknown): value is string | string[] {
  if (!Array.isArray(value)) return typeof value === 'string';
  return value.length <= mostStops && value.every((item) => typeof item === 'string');
}

/** llama-server leaves out empty ones. */
const stop = writtenAs(
  z.union([z.string(), z.array(z.string()).max(mostStops)]),
  z.custom<string | string[]>(isStop, { error: stopError }),
)
  .transform((value) => (typeof value === 'string' ? [value] : value).filter((item) => item !== ''))
  .refine((value) => value.length <= 16, { error: stopError })
  .nullish();

/** OpenAI's map with texts as keys, which llama-server takes, as the list of pairs that says the same. */
const logitBias = writtenAs(
  llamaLogitBiasForm,
  z.preprocess((value) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isMap || isOverlong(value)) return value;
    return Object.entries(value).map(([token, bias]) => [
      /^\d{1,9}$/u.test(token) ? Number(token) : token,
      bias as unknown,
    ]);
  }, samplingFields.logit_bias),
).optional();

const adapters = writtenAs(
  z.array(z.unknown()),
  z.custom<unknown[]>((value) => Array.isArray(value), { error: 'an array' }),
);

const fieldsError = 'an array of at most 64 names of fields';

/** What /completion and /infill share. Some fields are taken and have no effect: docs/llama-server.md. */
export const llamaFields = {
  ...samplingFields,
  stop: stop.describe('The answer ends before the first of these texts; at most 16 that are not empty.'),
  logit_bias: logitBias,
  temperature: numberBetween(0, 1000).describe(
    'How far from the likeliest token samples may go; 0 is greedy. Default 0.8.',
  ),
  max_tokens: integerBetween(-1, 0x7fffffff).describe('Another name of n_predict.'),
  max_completion_tokens: integerBetween(-1, 0x7fffffff).describe('Another name of n_predict.'),
  n_predict: integerBetween(-1, 0x7fffffff).describe('Tokens of an answer at most; -1 for as many as fit. Default -1.'),
  n_cmpl: integerBetween(1, mostChoices).describe('Answers per prompt. Default 1.'),
  logprobs: integerBetween(0, 20).describe('Another name of n_probs.'),
  return_tokens: flag.describe('Also the ids of the tokens.'),
  timings_per_token: flag.describe('Taken and left alone.'),
  return_progress: flag.describe('Taken and left alone.'),
  post_sampling_probs: flag.describe('Refused when true.'),
  t_max_predict_ms: integerBetween(-1, Number.MAX_SAFE_INTEGER).describe('Refused over 0.'),
  n_indent: integerBetween(0, mostTokens).describe('Refused over 0.'),
  lora: adapters.nullish().describe('Refused unless empty.'),
  response_fields: arrayOf(z.string({ error: fieldsError }), { error: fieldsError, most: 64 })
    .nullish()
    .describe('Only these fields of the answer; `a/b` is the field b of a.'),
};

const bodyError = { error: 'a JSON object' };

/** Body of POST /completion and POST /completions. */
export const llamaCompletionBody = z.object(
  {
    ...llamaFields,
    prompt: prompts.describe('What is to be continued: a text, texts and token ids, or several of these.'),
  },
  bodyError,
);

const mostFiles = 1024;
const extraError = `an array of at most ${mostFiles.toLocaleString('en')} objects such as {"filename": "a.h", "text": "…"}`;

/** Body of POST /infill. */
export const llamaInfillBody = z.object(
  {
    ...llamaFields,
    prompt: text.describe('What stands right before the gap, after input_prefix.'),
    input_prefix: z.string({ error: 'a text' }).describe('What stands before the gap.'),
    input_suffix: z.string({ error: 'a text' }).describe('What comes behind it.'),
    input_extra: arrayOf(z.object({ text: z.string({ error: extraError }), filename: text }, { error: extraError }), {
      error: extraError,
      most: mostFiles,
    })
      .nullish()
      .describe('Other files, which stand first.'),
  },
  bodyError,
);

export type LlamaBody = z.infer<z.ZodObject<typeof llamaFields>>;
export type LlamaCompletionBody = z.infer<typeof llamaCompletionBody>;
export type LlamaInfillBody = z.infer<typeof llamaInfillBody>;

/** What would change the answer and is not done here is refused rather than ignored. */
export function llamaRules(body: RawBody): Fault[] {
  const faults = samplingRules(body);
  const refuse = (param: string, message: string): void => {
    faults.push({ param, message });
  };
  if (body['post_sampling_probs'] === true) {
    refuse('post_sampling_probs', 'Probabilities after sampling are not reported here; leave out post_sampling_probs.');
  }
  const { n_indent: indent, t_max_predict_ms: limit, lora } = body;
  if (typeof indent === 'number' && indent > 0) refuse('n_indent', 'n_indent is not supported; leave it out.');
  if (typeof limit === 'number' && limit > 0) {
    refuse('t_max_predict_ms', 't_max_predict_ms is not supported; leave it out.');
  }
  if (Array.isArray(lora) && lora.length > 0) refuse('lora', 'This server has no LoRA adapters; leave out lora.');
  if (body['background'] === true)
    refuse('background', 'Only /v1/chat/completions and /v1/completions take background.');
  const choices = body['n_cmpl'] ?? body['n'];
  const count = (mixedPromptsOf(body['prompt'])?.length ?? 1) * (typeof choices === 'number' ? choices : 1);
  if (count > mostChoices) refuse('prompt', `Expected at most ${String(mostChoices)} choices (prompts times n_cmpl).`);
  return faults;
}
