import { CompletionFormat } from '../completion-format.js';
import { faultsReply } from '../error-response.js';
import type { Fault } from '../error-response.js';
import { completionRequests } from '../generation-requests.js';
import type { ServableModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { completionBody, completionRules } from '../schemas/completions.js';
import type { CompletionBody, Prompt } from '../schemas/completions.js';
import { parseBody } from '../schemas/parse-body.js';
import { StreamedAnswer } from '../streamed-answer.js';
import { answerWhole } from '../whole-answer.js';

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

/** POST /v1/completions */
export const completions: JsonHandler = (exchange, value) => {
  const parsed = parseBody(completionBody, completionRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const body = parsed.data;
  const resolved = exchange.context.catalog.resolve(body.model ?? undefined);
  if ('error' in resolved) {
    exchange.sendError(resolved.error);
    return;
  }
  const { served } = resolved;
  const faults = vocabularyFaults(body.prompt, served.model);
  if (faults.length > 0) {
    exchange.sendError(faultsReply(faults));
    return;
  }
  const requests = completionRequests(body, served.model.info.contextSize);
  const choicesPerPrompt = body.n ?? 1;
  const includeUsage = body.stream_options?.include_usage === true;
  const format = new CompletionFormat(
    served,
    requests.length,
    includeUsage,
    echoes(body, served.model, choicesPerPrompt),
  );
  const plan = { served, requests, choicesPerPrompt, format };
  if (body.stream === true) new StreamedAnswer(exchange, plan, includeUsage);
  else answerWhole(exchange, plan);
};
