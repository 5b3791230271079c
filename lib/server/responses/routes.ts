import type { AnswerTarget } from '../answer-target.js';
import { submitInBackground } from '../background-submission.js';
import { errorReply, faultsReply } from '../error-response.js';
import type { Fault } from '../error-response.js';
import { readGeneration } from '../generation-route.js';
import { chatRequests } from '../generation-requests.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { withDefaults } from '../request-defaults.js';
import { randomSuffix } from '../request-id.js';
import { serviceTierOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { parseBody } from '../schemas/parse-body.js';
import { startAnswer } from '../start-answer.js';
import { withModel } from '../with-model.js';
import { backgroundResponse } from './background-response.js';
import { itemsOfOutput, messagesOf, textItem, type InputItem } from './input-items.js';
import { chatOf, responsesBody, responsesRules, type ResponsesBody } from './request-body.js';
import { ResponseText } from './response-text.js';
import { ResponsesFormat } from './responses-format.js';

/** All that is said to the model, earlier responses included; or what refers to nothing. */
export function itemsOf(
  { context, owner }: AnswerTarget,
  { input, previous_response_id: previousId }: ResponsesBody,
): { readonly items: InputItem[] } | { readonly fault: Fault } {
  const { responses } = context;
  const previous = previousId == null ? undefined : responses.find(previousId, owner);
  if (previousId != null && previous === undefined) {
    const message = `There is no stored response ${JSON.stringify(previousId.slice(0, 128))} here (any more).`;
    return { fault: { param: 'previous_response_id', message } };
  }
  const items = previous === undefined ? [] : [...previous.input, ...previous.output];
  for (const [index, item] of (typeof input === 'string' ? [textItem(input)] : input).entries()) {
    const found = item.type === 'item_reference' ? responses.findItem(item.id, owner) : item;
    if (found === undefined) {
      const message = `There is no stored item of the id of input[${String(index)}] here (any more).`;
      return { fault: { param: `input[${String(index)}].id`, message } };
    }
    items.push(found);
  }
  return { items };
}

interface Asked {
  readonly id: string;
  readonly body: ResponsesBody;
  readonly items: readonly InputItem[];
  readonly scheduling: RequestScheduling;
}

function answer(target: AnswerTarget, served: ServedModel, { id, body, items, scheduling }: Asked): void {
  const chat = withDefaults(chatOf(body, messagesOf(items)), target.context.defaults);
  const requests = chatRequests(chat, served.model, scheduling);
  const identity = { id, createdAt: Math.floor(Date.now() / 1000), model: served.id };
  const response = new ResponseText(identity, body, serviceTierOf(body, scheduling.tier));
  const format = new ResponsesFormat(response, (json, outputJson) => {
    if (body.store === false) return;
    const { owner, context } = target;
    context.responses.add({ id, owner, json, input: items, output: itemsOfOutput(outputJson) });
  });
  const plan = { served, requests, choicesPerPrompt: 1, format };
  startAnswer(target, { plan, scheduling, stream: body.stream === true, includeUsage: true });
}

function answerBody(target: AnswerTarget, asked: Asked): void {
  const resolved = target.context.catalog.resolve(asked.body.model ?? undefined);
  const use = (served: ServedModel): void => {
    answer(target, served, asked);
  };
  withModel(target, resolved, { use, deadlineMs: asked.scheduling.deadlineMs });
}

/** Answers a body that was accepted for the background; the response has the id of its record. */
export function answerResponse(target: AnswerTarget, value: unknown, scheduling: RequestScheduling): void {
  const parsed = parseBody(responsesBody, responsesRules, value);
  if ('faults' in parsed) {
    target.sendError(faultsReply(parsed.faults));
    return;
  }
  const found = itemsOf(target, parsed.data);
  if ('fault' in found) target.sendError(faultsReply([found.fault]));
  else {
    const body = { ...parsed.data, background: true };
    answerBody(target, { id: target.requestId, body, items: found.items, scheduling });
  }
}

/** POST /v1/responses */
export const responses: JsonHandler = (exchange, value) => {
  const read = readGeneration(exchange, { schema: responsesBody, rules: responsesRules }, value);
  if (read === undefined) return;
  const { body, scheduling } = read;
  const found = itemsOf(exchange, body);
  if ('fault' in found) {
    exchange.sendError(errorReply('invalid_argument', found.fault.message, found.fault.param));
    return;
  }
  if (body.background === true) {
    // What it refers to may be gone when it is answered, so that it goes along.
    const whole = { ...(value as Readonly<Record<string, unknown>>), input: found.items, previous_response_id: null };
    const model = body.model ?? undefined;
    submitInBackground(
      exchange,
      { endpoint: '/v1/responses', value: whole, model, weight: 1, scheduling },
      { idPrefix: 'resp_', status: 200, json: backgroundResponse },
    );
    return;
  }
  exchange.openRecord(scheduling);
  answerBody(exchange, { id: `resp_${randomSuffix()}`, body, items: found.items, scheduling });
};
