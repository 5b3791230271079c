import type { z } from 'zod';
import { faultsReply } from './error-response.js';
import type { Fault } from './error-response.js';
import type { Exchange } from './exchange.js';
import type { ServedModel } from './model-catalog.js';
import type { JsonHandler } from './post-json.js';
import { schedulingOf } from './request-scheduling.js';
import type { RequestScheduling } from './request-scheduling.js';
import { parseBody } from './schemas/parse-body.js';
import type { RawBody } from './schemas/sampling.js';
import type { SchedulingBody } from './schemas/scheduling.js';
import type { ResolvedLimits } from './server-limits.js';
import { withModel } from './with-model.js';

/** What such a body has besides its own fields. */
type ScheduledBody = Pick<SchedulingBody, 'priority' | 'deadline_ms' | 'user'> & {
  readonly model?: string | null | undefined;
};

export interface ScheduledRoute<Body extends ScheduledBody> {
  readonly schema: z.ZodType<Body>;
  /** What the schema cannot know: the limits of the server. */
  readonly rules: (limits: ResolvedLimits) => (body: RawBody) => Fault[];
  /** Must answer, or give the exchange work that does. */
  readonly answer: (exchange: Exchange, served: ServedModel, body: Body, scheduling: RequestScheduling) => void;
}

/** A handler that checks the body, asks the policy how the request may be scheduled and waits for its model. */
export function scheduledJson<Body extends ScheduledBody>(route: ScheduledRoute<Body>): JsonHandler {
  return (exchange, value) => {
    const parsed = parseBody(route.schema, route.rules(exchange.limits), value);
    if ('faults' in parsed) {
      exchange.sendError(faultsReply(parsed.faults));
      return;
    }
    const body = parsed.data;
    const { catalog, priorities } = exchange.context;
    const wish = schedulingOf(exchange.caller, body, priorities);
    if ('error' in wish) {
      exchange.sendError(wish.error);
      return;
    }
    const { scheduling } = wish;
    const use = (served: ServedModel): void => {
      route.answer(exchange, served, body, scheduling);
    };
    withModel(exchange, catalog.resolve(body.model ?? undefined), { use, deadlineMs: scheduling.deadlineMs });
  };
}
