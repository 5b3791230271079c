import { isUtf8 } from 'node:buffer';
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { BodyReader, declaredTooLarge, refuseUnread } from './body-reader.js';
import type { Caller } from './caller.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import { Exchange } from './exchange.js';
import { findJsonFault } from './json-fault.js';
import { jsonInspection } from './json-refusal.js';
import type { ServerContext } from './server-context.js';

/**
 * Handles a request whose body is the JSON `value`, undefined for a body that may be left out and was. Must answer, or
 * give the exchange work that does. `path` is the URL's, as sent.
 */
export type JsonHandler = (exchange: Exchange, value: unknown, path: string) => void;

/** The refusal that a request's headers earn, before its body is read. */
function refusalByHeaders({ context, caller }: Exchange, req: HttpRequest, needsBody: boolean): ErrorReply | undefined {
  if (context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
  const unauthorized = refusalByKey(context, caller);
  if (unauthorized !== undefined) return unauthorized;
  const type = req.getHeader('content-type');
  if (!needsBody && type === '') return undefined;
  if (!/^application\/json *(;|$)/i.test(type)) {
    const received = type === '' ? 'none' : JSON.stringify(type.slice(0, 100));
    return errorReply('unsupported_media_type', `Expected the content type application/json but received ${received}.`);
  }
  const encoding = req.getHeader('content-encoding');
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    return errorReply('unsupported_media_type', 'Expected a body without content encoding.');
  }
  return undefined;
}

/** The refusal of a request to /v1 that lacks a valid key. */
export function refusalByKey(context: ServerContext, caller: Caller): ErrorReply | undefined {
  if (context.keys.isEmpty || caller.key !== -1) return undefined;
  return errorReply('invalid_api_key', 'Expected a valid API key as `Authorization: Bearer KEY`.');
}

/** Decodes; answers 400 for what is no text. */
function textOf(exchange: Exchange, bytes: Buffer): string | undefined {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  exchange.sendError(errorReply('invalid_json', 'The body is not valid UTF-8.'));
  return undefined;
}

/** Parses; on a fault answers 400 with its position. */
function parseJson(exchange: Exchange, text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const fault = findJsonFault(text);
    const where =
      fault === undefined
        ? ''
        : ` at position ${String(fault.position)} (line ${String(fault.line)}, column ${String(fault.column)})`;
    const what = text.trim() === '' ? 'The body is empty; expected JSON.' : `The body is not valid JSON${where}.`;
    exchange.sendError(errorReply('invalid_json', what));
    return undefined;
  }
}

/** A uWebSockets.js handler that checks headers, reads the body, parses it and calls `handle`. */
export function postJson(context: ServerContext, handle: JsonHandler, needsBody = true) {
  return (res: HttpResponse, req: HttpRequest, route: string): void => {
    const exchange = new Exchange(context, res, req, route);
    const contentLength = Number(req.getHeader('content-length') || 0);
    const refusal =
      refusalByHeaders(exchange, req, needsBody) ??
      exchange.encodingRefusal ??
      declaredTooLarge(exchange, contentLength);
    if (refusal !== undefined) {
      refuseUnread(exchange, res, refusal, contentLength);
      return;
    }
    const path = req.getUrl();
    exchange.register();
    const inspect = jsonInspection(context, contentLength);
    new BodyReader(exchange, res, { declaredLength: contentLength, inspect }, (bytes) => {
      try {
        const text = textOf(exchange, bytes);
        if (text === undefined) return;
        const parsed = !needsBody && text === '' ? { value: undefined } : parseJson(exchange, text);
        if (parsed !== undefined) handle(exchange, parsed.value, path);
      } catch (thrown) {
        exchange.sendError(thrownReply(thrown));
      }
    });
  };
}
