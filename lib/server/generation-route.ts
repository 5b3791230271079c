import type { z } from 'zod';
import type { AnswerTarget, RequestTarget } from './answer-target.js';
import { backgroundWish, submitInBackground } from './background-submission.js';
import { faultsReply } from './error-response.js';
import type { Fault } from './error-response.js';
import type { ServedModel } from './model-catalog.js';
import { schedulingOf } from './request-scheduling.js';
import type { RequestScheduling } from './request-scheduling.js';
import { parseBody } from './schemas/parse-body.js';
import type { RawBody } from './schemas/sampling.js';
import type { SchedulingBody } from './schemas/scheduling.js';
import { withModel } from './with-model.js';

/** What every request for text has besides its own fields. */
type GenerationBody = SchedulingBody & {
  readonly model?: string | null | undefined;
  readonly background?: boolean | null | undefined;
};

export interface GenerationSchema<Body extends GenerationBody> {
  readonly schema: z.ZodType<Body>;
  readonly rules: (body: RawBody) => Fault[];
}

/** A route whose answers are text, at once or in the background. */
export interface GenerationRoute<Body extends GenerationBody> extends GenerationSchema<Body> {
  readonly endpoint: string;
  /** Generations that it makes. */
  readonly weight: (body: Body) => number;
  readonly answer: (target: AnswerTarget, served: ServedModel, body: Body, scheduling: RequestScheduling) => void;
}

export interface GenerationHandlers {
  readonly post: (target: RequestTarget, value: unknown) => void;
  /** Answers a body that was accepted for the background. */
  readonly answerAccepted: (target: AnswerTarget, value: unknown, scheduling: RequestScheduling) => void;
}

/** The body, checked, and how it may be scheduled; undefined: the target was told what is wrong. */
export function readGeneration<Body extends GenerationBody>(
  target: RequestTarget,
  { schema, rules }: GenerationSchema<Body>,
  value: unknown,
): { readonly body: Body; readonly scheduling: RequestScheduling } | undefined {
  const parsed = parseBody(schema, rules, value);
  if ('faults' in parsed) {
    target.sendError(faultsReply(parsed.faults));
    return undefined;
  }
  const wish = schedulingOf(target.caller, backgroundWish(parsed.data), target.context.priorities);
  if ('error' in wish) {
    target.sendError(wish.error);
    return undefined;
  }
  return { body: parsed.data, scheduling: wish.scheduling };
}

/** The handlers of POST `route.endpoint`. */
export function generationHandlers<Body extends GenerationBody>(route: GenerationRoute<Body>): GenerationHandlers {
  const { endpoint, schema, rules, weight, answer } = route;
  const answerBody = (target: AnswerTarget, body: Body, scheduling: RequestScheduling): void => {
    const use = (served: ServedModel): void => {
      answer(target, served, body, scheduling);
    };
    const resolved = target.context.catalog.resolve(body.model ?? undefined);
    withModel(target, resolved, { use, deadlineMs: scheduling.deadlineMs });
  };
  return {
    post: (target, value) => {
      const read = readGeneration(target, route, value);
      if (read === undefined) return;
      const { body, scheduling } = read;
      if (body.background === true) {
        const model = body.model ?? undefined;
        submitInBackground(target, { endpoint, value, model, weight: weight(body), scheduling });
        return;
      }
      target.openRecord(scheduling);
      answerBody(target, body, scheduling);
    },
    answerAccepted: (target, value, scheduling) => {
      const parsed = parseBody(schema, rules, value);
      if ('faults' in parsed) target.sendError(faultsReply(parsed.faults));
      else answerBody(target, parsed.data, scheduling);
    },
  };
}
