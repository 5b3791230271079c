import type { AnswerTarget } from '../answer-target.js';
import { CompletionFormat } from '../completion-format.js';
import { faultsReply } from '../error-response.js';
import type { Fault } from '../error-response.js';
import { generationHandlers } from '../generation-route.js';
import { choicesMade, completionRequests } from '../generation-requests.js';
import type { ServableModel, ServedModel } from '../model-catalog.js';
import { withDefaults } from '../request-defaults.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { completionBody, completionRules } from '../schemas/completions.js';
import type { CompletionBody } from '../schemas/completions.js';
import type { Prompt } from '../schemas/prompts.js';
import { startAnswer } from '../start-answer.js';

function suffixFaults(suffix: string | null | undefined, model: ServableModel): Fault[] {
  if (suffix == null || suffix === '' || model.info.supportsInfill) return [];
  const message = 'This model cannot insert text before a suffix: its vocabulary has no tokens for that.';
  return [{ param: 'suffix', message }];
}

/** Token ids that the model does not have; what the schema cannot know. */
function vocabularyFaults(prompts: readonly Prompt[], model: ServableModel): Fault[] {
  const { vocabularySize } = model.info;
  for (const prompt of prompts) {
    if (typeof prompt === 'string') continue;
    const unknown = prompt.find((id) => id >= vocabularySize);
    if (unknown === undefined) continue;
    const message = `Expected token ids below ${String(vocabularySize)} for prompt but received ${String(unknown)}.`;
    return [{ param: 'prompt', message }];
  }
  return [];
}

function echoOf(prompt: Prompt, model: ServableModel): string {
  const text = typeof prompt === 'string' ? prompt : model.detokenize(Int32Array.from(prompt));
  return JSON.stringify(text).slice(1, -1);
}

/** By choice, the prompt in front of its text. */
function echoes(body: CompletionBody, model: ServableModel, choicesPerPrompt: number): string[] {
  if (body.echo !== true) return [];
  return body.prompt.flatMap((prompt) => Array<string>(choicesPerPrompt).fill(echoOf(prompt, model)));
}

function answer(target: AnswerTarget, served: ServedModel, asked: CompletionBody, scheduling: RequestScheduling): void {
  const body = withDefaults(asked, target.context.defaults);
  const faults = [...vocabularyFaults(body.prompt, served.model), ...suffixFaults(body.suffix, served.model)];
  if (faults.length > 0) {
    target.sendError(faultsReply(faults));
    return;
  }
  const requests = completionRequests(body, served.model, scheduling);
  const choicesPerPrompt = choicesMade(body);
  const includeUsage = body.stream_options?.include_usage === true;
  const format = new CompletionFormat(
    served,
    requests.length,
    includeUsage,
    target.framing,
    echoes(body, served.model, body.n ?? 1),
  );
  const keptPerPrompt = body.n ?? 1;
  const best = { keptPerPrompt, showLogprobs: body.logprobs != null };
  const plan = { served, requests, choicesPerPrompt, format, ...(keptPerPrompt < choicesPerPrompt ? { best } : {}) };
  startAnswer(target, { plan, scheduling, stream: body.stream === true, includeUsage });
}

/** POST /v1/completions, and what was accepted for the background. */
export const { post: completions, answerAccepted: answerCompletion } = generationHandlers({
  endpoint: '/v1/completions',
  schema: completionBody,
  rules: completionRules,
  weight: (body) => body.prompt.length * choicesMade(body),
  answer,
});
