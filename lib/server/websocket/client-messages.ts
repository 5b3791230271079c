import { z } from 'zod';
import { errorReply, faultsReply } from '../error-response.js';
import type { ErrorReply, Fault } from '../error-response.js';
import { findJsonFault } from '../json-fault.js';
import { arrayOf } from '../schemas/fields.js';
import { parseBody } from '../schemas/parse-body.js';

const idError = 'a string of 1 to 64 letters, digits, _ . : -';
const streamId = z.string({ error: idError }).regex(/^[\w.:-]{1,64}$/u, { error: idError });

function countUpTo(most: number): z.ZodNumber {
  const error = `a whole number from 0 to ${most.toLocaleString('en')}`;
  return z.number({ error }).int({ error }).min(0, { error }).max(most, { error });
}

const sequence = countUpTo(Number.MAX_SAFE_INTEGER);
const amount = countUpTo(1_000_000_000).nullish();
const flag = z.boolean({ error: 'true or false' }).nullish();
const textError = 'a string';
const tokenError = 'the resume_token of an earlier connection';
const resumedError = 'an array of at most 1,024 objects such as {"id": "a", "last_sequence": 7}';

const header = z.string({ error: 'a string' }).nullish();
/** W3C Trace Context, which a page cannot send as headers of a WebSocket. */
const context = { traceparent: header, tracestate: header };
const request = { id: streamId, data: z.unknown(), ack: flag, token_batching: flag, ...context };

const resumed = z.object({ id: streamId, last_sequence: sequence }, { error: 'an object with id and last_sequence' });

export const clientMessages = {
  chat_request: z.object({ type: z.literal('chat_request'), ...request }),
  completion_request: z.object({ type: z.literal('completion_request'), ...request }),
  cancel: z.object({ type: z.literal('cancel'), id: streamId }),
  ack: z.object({ type: z.literal('ack'), id: streamId, sequence }),
  credit: z.object({ type: z.literal('credit'), id: streamId.nullish(), tokens: amount, bytes: amount }),
  ping: z.object({ type: z.literal('ping'), payload: z.string({ error: textError }).nullish() }),
  resume: z.object({
    type: z.literal('resume'),
    resume_token: z.string({ error: tokenError }).max(128, { error: tokenError }),
    streams: arrayOf(resumed, { error: resumedError, most: 1024 }).nullish(),
  }),
};

type Schemas = typeof clientMessages;
type Types = keyof Schemas;
export type ClientMessage = { [Type in Types]: z.infer<Schemas[Type]> }[Types];
export type RequestMessage = Extract<ClientMessage, { readonly data?: unknown }>;
export type ResumeMessage = Extract<ClientMessage, { readonly type: 'resume' }>;

const types = Object.keys(clientMessages) as readonly Types[];

function rulesOf(type: Types): (body: Readonly<Record<string, unknown>>) => Fault[] {
  return (body) => {
    if (type === 'credit' && body['tokens'] == null && body['bytes'] == null) {
      return [{ param: 'tokens', message: 'Expected tokens, bytes or both in a credit message.' }];
    }
    return [];
  };
}

/** `id`: of the message, when it has one that may be repeated in an answer. */
export interface MessageFault {
  readonly error: ErrorReply;
  readonly id: string | undefined;
}

function parseText(text: string, bytes: number): { readonly value: unknown } | { readonly error: ErrorReply } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const fault = findJsonFault(text);
    const where = fault === undefined ? '' : ` at position ${String(fault.position)}`;
    return { error: errorReply('invalid_json', `The message of ${String(bytes)} bytes is not valid JSON${where}.`) };
  }
}

/** The message in a text frame of `bytes` bytes, or what is wrong with it. */
export function parseClientMessage(
  text: string,
  bytes: number,
): { readonly message: ClientMessage } | { readonly fault: MessageFault } {
  const parsed = parseText(text, bytes);
  if ('error' in parsed) return { fault: { error: parsed.error, id: undefined } };
  const { value } = parsed;
  const object = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const id = streamId.safeParse(object['id']).data;
  const type = types.find((known) => known === object['type']);
  if (type === undefined) {
    const error = errorReply('invalid_argument', `Expected one of ${types.join(', ')} for type.`, 'type');
    return { fault: { error, id } };
  }
  const checked = parseBody<z.ZodType<ClientMessage>>(clientMessages[type], rulesOf(type), value);
  return 'faults' in checked ? { fault: { error: faultsReply(checked.faults), id } } : { message: checked.data };
}
