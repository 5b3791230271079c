import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { BodyReader, declaredTooLarge, refuseUnread } from './body-reader.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import { Exchange } from './exchange.js';
import { refusalByKey } from './post-json.js';
import type { ServerContext } from './server-context.js';

/** What is kept of a request beside its body. */
export interface BytesRequest {
  /** The URL's path, as sent. */
  readonly path: string;
  /** The header that the route reads; empty when there is none. */
  readonly header: string;
}

/**
 * Handles a request whose body is no JSON, or more than that. Must answer, or give the exchange work that does. `bytes` are
 * good until it returns.
 */
export type BytesHandler = (exchange: Exchange, bytes: Buffer, request: BytesRequest) => void;

/** Clients that send tensors often name no type at all. Types that any page may send without asking are not taken. */
function refusalByHeaders({ context, caller }: Exchange, req: HttpRequest): ErrorReply | undefined {
  if (context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
  const unauthorized = refusalByKey(context, caller);
  if (unauthorized !== undefined) return unauthorized;
  const type = req.getHeader('content-type');
  if (!/^(?:application\/(?:json|octet-stream) *(?:;.*)?)?$/iu.test(type)) {
    const expected = 'Expected the content type application/json or application/octet-stream';
    return errorReply('unsupported_media_type', `${expected} but received ${JSON.stringify(type.slice(0, 100))}.`);
  }
  const encoding = req.getHeader('content-encoding');
  if (encoding === '' || encoding.toLowerCase() === 'identity') return undefined;
  return errorReply('unsupported_media_type', 'Expected a body without content encoding.');
}

/** A uWebSockets.js handler that checks headers, reads the body and calls `handle`. */
export function postBytes(context: ServerContext, readHeader: (req: HttpRequest) => string, handle: BytesHandler) {
  return (res: HttpResponse, req: HttpRequest, route: string): void => {
    const exchange = new Exchange(context, res, req, route);
    const contentLength = Number(req.getHeader('content-length') || 0);
    const refusal =
      refusalByHeaders(exchange, req) ?? exchange.encodingRefusal ?? declaredTooLarge(exchange, contentLength);
    if (refusal !== undefined) {
      refuseUnread(exchange, res, refusal, contentLength);
      return;
    }
    const request = { path: req.getUrl(), header: readHeader(req) };
    exchange.register();
    new BodyReader(exchange, res, { declaredLength: contentLength }, (bytes) => {
      try {
        handle(exchange, bytes, request);
      } catch (thrown) {
        exchange.sendError(thrownReply(thrown));
      }
    });
  };
}
