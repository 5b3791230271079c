import type { WorkScheduling } from '../api/work.js';
import { tiers } from '../native-types.js';
import type { Tier } from '../native-types.js';
import type { Caller } from './caller.js';
import { faultsReply } from './error-response.js';
import type { ErrorReply, Fault } from './error-response.js';
import type { PriorityPolicy } from './priority-policy.js';
import { longestDeadlineMs, priorityError, tierOf } from './schemas/scheduling.js';
import type { SchedulingBody } from './schemas/scheduling.js';

/** How one request is scheduled: what it asked for and may have. Plain data. */
export interface RequestScheduling {
  readonly tier: Tier;
  /** Whose fair share it counts against; empty for everybody who gave none. */
  readonly user: string;
  /** From the arrival of its headers until it must have started; 0 is none. */
  readonly deadlineMs: number;
  /** Of its answer; 0 when it did not say. */
  readonly estimatedTokens: number;
  readonly tags: readonly string[];
  readonly retryCount: number;
  /** Ids of requests that must end well before it starts. */
  readonly dependencies: readonly string[];
}

const priorityHeader = 'X-Inferno-Priority';
const deadlineHeader = 'X-Inferno-Deadline-Ms';

function headerFault(header: string, expected: string, value: string): Fault {
  const received = value.length > 60 ? 'a longer text' : JSON.stringify(value);
  return { param: header, message: `Expected ${expected} for the header ${header} but received ${received}.` };
}

function priorityFrom(header: string, faults: Fault[]): Tier | undefined {
  if (header === '') return undefined;
  const text = header.trim().toLowerCase();
  const tier = tierOf(/^[1-4]$/.test(text) ? Number(text) : text);
  if (tier === undefined) faults.push(headerFault(priorityHeader, priorityError, header));
  return tier;
}

function deadlineFrom(header: string, faults: Fault[]): number | undefined {
  if (header === '') return undefined;
  const text = header.trim();
  const value = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= longestDeadlineMs) return value;
  const expected = `a whole number from 1 to ${longestDeadlineMs.toLocaleString('en')}`;
  faults.push(headerFault(deadlineHeader, expected, header));
  return undefined;
}

/** OpenAI's word for it; 'auto' leaves the choice to the server. */
function tierOfService(service: SchedulingBody['service_tier']): Tier | undefined {
  if (service === 'priority') return 'high';
  if (service === 'flex') return 'low';
  return service == null || service === 'auto' ? undefined : 'normal';
}

/** OpenAI's word for the tier that a request got; only told to those that asked for one. */
export function serviceTierOf({ service_tier: asked }: SchedulingBody, tier: Tier): string | undefined {
  if (asked == null) return undefined;
  if (tier === 'low') return 'flex';
  return tier === 'normal' ? 'default' : 'priority';
}

/** What headers and body ask for, headers first; or the refusal of what is malformed or not allowed. */
export function schedulingOf(
  caller: Caller,
  body: SchedulingBody,
  policy: PriorityPolicy,
): { readonly scheduling: RequestScheduling } | { readonly error: ErrorReply } {
  const faults: Fault[] = [];
  const priority = priorityFrom(caller.priority, faults);
  const deadlineMs = deadlineFrom(caller.deadlineMs, faults);
  if (faults.length > 0) return { error: faultsReply(faults) };
  const decided = policy.decide(caller.key, priority ?? body.priority ?? tierOfService(body.service_tier));
  if ('error' in decided) return decided;
  const scheduling = {
    tier: decided.tier,
    user: policy.userOf(caller.key, body.user ?? ''),
    deadlineMs: deadlineMs ?? body.deadline_ms ?? 0,
    estimatedTokens: body.estimated_tokens ?? 0,
    tags: body.tags ?? [],
    retryCount: body.retry_count ?? 0,
    dependencies: [...new Set(body.dependencies ?? [])],
  };
  return { scheduling };
}

/** What is left to the deadline, which counts from the arrival of the headers; 0 is none, and a missed one is 1. */
export function remainingMsOf(exchange: { readonly startedMs: number }, { deadlineMs }: RequestScheduling): number {
  if (deadlineMs === 0) return 0;
  return Math.max(1, Math.floor(deadlineMs - (performance.now() - exchange.startedMs)));
}

/** As models take it. */
export function workScheduling(
  exchange: { readonly startedMs: number },
  scheduling: RequestScheduling,
): WorkScheduling {
  const { tier, user } = scheduling;
  return { tier: tiers.indexOf(tier), user, deadlineMs: remainingMsOf(exchange, scheduling) };
}
