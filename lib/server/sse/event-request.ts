import { errorReply, faultsReply } from '../error-response.js';
import type { ErrorReply, Fault } from '../error-response.js';
import { chatCompletionBody, chatCompletionRules } from '../schemas/chat-completions.js';
import { completionBody, completionRules } from '../schemas/completions.js';
import { parseBody } from '../schemas/parse-body.js';
import type { StreamKind } from '../sessions/session-protocol.js';

type Fields = Readonly<Record<string, unknown>>;

/** What a client asks of a stream of named events. */
export interface EventRequest {
  readonly kind: StreamKind;
  /** A body of /v1/chat/completions or /v1/completions. */
  readonly body: Fields;
  /** Undefined: as the server does it. */
  readonly tokenBatching: boolean | undefined;
  /** A lost connection may be resumed. */
  readonly resumable: boolean;
}

/** Fields of the stream, which are no fields of the request that it answers. */
const flags = ['token_batching', 'resumable'] as const;

/** In a query these are texts, whatever they look like; `prompt` is one unless it is a JSON string or array. */
const texts: ReadonlySet<string> = new Set([
  'model',
  'user',
  'suffix',
  'grammar',
  'chat_template',
  'service_tier',
  'reasoning_effort',
  'reasoning_format',
]);

function valueOf(name: string, text: string): unknown {
  if (texts.has(name)) return text;
  try {
    const value = JSON.parse(text) as unknown;
    const isText = (name === 'prompt' || name === 'stop') && typeof value !== 'string' && !Array.isArray(value);
    return isText ? text : value;
  } catch {
    return text;
  }
}

/** The query of a GET as a body: every value is JSON, or else a text. */
export function bodyFromQuery(query: URLSearchParams): { readonly body: Fields } | { readonly error: ErrorReply } {
  const body = new Map<string, unknown>();
  for (const [name, text] of query) {
    if (body.has(name)) {
      return { error: errorReply('invalid_argument', `Expected one value for ${name} but received several.`, name) };
    }
    body.set(name, valueOf(name, text));
  }
  return { body: Object.fromEntries(body) };
}

function flagFaults(body: Fields): Fault[] {
  return flags.flatMap((name): Fault[] => {
    const value = body[name];
    if (value == null || typeof value === 'boolean') return [];
    return [{ param: name, message: `Expected true or false for ${name}.` }];
  });
}

function streamFaults(body: Fields): Fault[] {
  const faults = flagFaults(body);
  if (body['stream'] === false) {
    faults.push({
      param: 'stream',
      message: 'Expected no "stream": false here; POST /v1/chat/completions answers whole.',
    });
  }
  if (body['background'] === true) {
    faults.push({ param: 'background', message: 'Expected no "background": true here: nothing would be streamed.' });
  }
  return faults;
}

/** Messages make a chat of it, a prompt a completion. */
function kindOf(body: Fields): StreamKind | undefined {
  const [isChat, isCompletion] = [body['messages'] != null, body['prompt'] != null];
  if (isChat === isCompletion) return undefined;
  return isChat ? 'chat' : 'completion';
}

/** `value`: a body of /v1/chat/completions or /v1/completions with the fields of the stream beside them. */
export function readEventRequest(value: unknown): { readonly request: EventRequest } | { readonly error: ErrorReply } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { error: errorReply('invalid_argument', 'Expected a JSON object for the body.') };
  }
  const { token_batching: tokenBatching, resumable, ...rest } = value as Fields;
  const kind = kindOf(rest);
  if (kind === undefined) {
    const message = 'Expected either messages, for a chat, or prompt, for a completion.';
    return { error: errorReply('invalid_argument', message, 'messages') };
  }
  const body = { ...rest, stream: true };
  const faults = streamFaults(value as Fields);
  const parsed =
    kind === 'chat'
      ? parseBody(chatCompletionBody, chatCompletionRules, body)
      : parseBody(completionBody, completionRules, body);
  if ('faults' in parsed) faults.push(...parsed.faults);
  if (faults.length > 0) return { error: faultsReply(faults) };
  const request = {
    kind,
    body,
    tokenBatching: typeof tokenBatching === 'boolean' ? tokenBatching : undefined,
    resumable: resumable !== false,
  };
  return { request };
}
