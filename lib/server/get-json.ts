import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { thrownReply } from './error-response.js';
import { Exchange } from './exchange.js';
import { refusalByKey } from './post-json.js';
import type { ServerContext } from './server-context.js';

/** Answers a GET or HEAD at once. `path` and `query` are the URL's, as sent. */
export type GetHandler = (exchange: Exchange, path: string, query: string) => void;

/** A uWebSockets.js handler for GET and HEAD. `needsKey` for what API keys protect. */
export function getJson(context: ServerContext, needsKey: boolean, handle: GetHandler) {
  return (res: HttpResponse, req: HttpRequest, route: string): void => {
    const exchange = new Exchange(context, res, req, route);
    const refusal = needsKey ? refusalByKey(context, exchange.caller) : undefined;
    if (refusal !== undefined) {
      exchange.sendError(refusal);
      return;
    }
    try {
      handle(exchange, req.getUrl(), req.getQuery());
    } catch (thrown) {
      exchange.sendError(thrownReply(thrown));
    }
  };
}
