import type { AnswerTarget } from '../answer-target.js';
import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import { completionRequests } from '../generation-requests.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { withDefaults } from '../request-defaults.js';
import { schedulingOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { llamaCompletionBody, llamaInfillBody, llamaRules } from '../schemas/llama-completion.js';
import type { LlamaBody, LlamaInfillBody, MixedPrompt } from '../schemas/llama-completion.js';
import { parseBody } from '../schemas/parse-body.js';
import { startAnswer } from '../start-answer.js';
import { withModel } from '../with-model.js';
import { LlamaFormat } from './completion-format.js';
import { predictedMost } from './generation-settings.js';
import { enginePrompt, promptFaults } from './prompt.js';

/** A random seed in llama-server's own notation of unsigned numbers. */
const randomSeed = 0xffff_ffff;

/** What is to be completed, and for /infill what comes behind. */
interface Asked {
  readonly body: LlamaBody;
  readonly prompts: readonly MixedPrompt[];
  readonly suffix?: string;
}

/** -1 for no logprobs. A stream names its tokens, and only logprobs do that. */
function logprobsOf(body: LlamaBody): number {
  const asked = body.n_probs ?? body.logprobs ?? 0;
  return asked > 0 || body.stream === true || body.return_tokens === true ? asked : -1;
}

function answer(target: AnswerTarget, served: ServedModel, asked: Asked, scheduling: RequestScheduling): void {
  const faults = promptFaults(asked.prompts, served.model);
  if (faults.length > 0) {
    target.sendError(faultsReply(faults));
    return;
  }
  if (asked.suffix !== undefined && !served.model.info.supportsInfill) {
    const message = 'This model cannot insert text before a suffix: its vocabulary has no tokens for that.';
    target.sendError(errorReply('not_supported', message, 'input_suffix'));
    return;
  }
  const body = withDefaults(asked.body, target.context.defaults);
  const prompts = asked.prompts.map((prompt) => enginePrompt(prompt, served.model));
  const most = predictedMost(body);
  const logprobs = logprobsOf(body);
  const choicesPerPrompt = body.n_cmpl ?? body.n ?? 1;
  const requests = completionRequests(
    {
      ...body,
      prompt: prompts.map((prompt) => ('prompt' in prompt ? prompt.prompt : [...prompt.tokens])),
      n: choicesPerPrompt,
      // The engine makes one token at least; the format leaves it out.
      max_tokens: most === 0 ? 1 : most,
      seed: body.seed === randomSeed ? -1 : body.seed,
      logprobs: logprobs < 0 ? undefined : logprobs,
      // The engine takes an empty one for none; a line break is what files end with.
      suffix: asked.suffix === '' ? '\n' : asked.suffix,
    },
    served.model,
    scheduling,
  );
  const format = new LlamaFormat({ served, body, prompts, choicesPerPrompt, framing: target.framing });
  const plan = { served, requests, choicesPerPrompt, format };
  startAnswer(target, { plan, scheduling, stream: body.stream === true, includeUsage: false });
}

function start(exchange: Exchange, asked: Asked): void {
  const wish = schedulingOf(exchange.caller, asked.body, exchange.context.priorities);
  if ('error' in wish) {
    exchange.sendError(wish.error);
    return;
  }
  const { scheduling } = wish;
  exchange.openRecord(scheduling);
  const use = (served: ServedModel): void => {
    answer(exchange, served, asked, scheduling);
  };
  const resolved = exchange.context.catalog.resolve(asked.body.model ?? undefined);
  withModel(exchange, resolved, { use, deadlineMs: scheduling.deadlineMs });
}

/** POST /completion and /completions */
export const llamaCompletion: JsonHandler = (exchange, value) => {
  const parsed = parseBody(llamaCompletionBody, llamaRules, value);
  if ('faults' in parsed) exchange.sendError(faultsReply(parsed.faults));
  else start(exchange, { body: parsed.data, prompts: parsed.data.prompt });
};

/** What stands before the gap: other files first, each under its name, as far as a prompt without tokens for that can. */
function infillPrefix({ input_extra: extra, input_prefix: prefix, prompt }: LlamaInfillBody): string {
  const files = (extra ?? []).map(({ filename, text }) => `--- ${filename ?? 'tmp'} ---\n${text}\n`);
  return [...files, prefix, prompt ?? ''].join('');
}

/** POST /infill */
export const llamaInfill: JsonHandler = (exchange, value) => {
  const parsed = parseBody(llamaInfillBody, llamaRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const body = parsed.data;
  start(exchange, { body, prompts: [[infillPrefix(body)]], suffix: body.input_suffix });
};
