import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { refuseUnread } from './body-reader.js';
import { Exchange } from './exchange.js';
import { hostRefusal } from './host-check.js';
import type { ServerContext } from './server-context.js';

type Handler = (res: HttpResponse, req: HttpRequest) => void;

/** What requests are counted under that no route serves. */
const otherRoute = 'other';

/** `route`: the path that it was added for, which requests are counted under. */
export type RouteHandler = (res: HttpResponse, req: HttpRequest, route: string) => void;

/** Where routes are added. */
export type RouteTable = Readonly<
  Record<'any' | 'del' | 'get' | 'head' | 'post', (path: string, handler: RouteHandler) => void>
>;

/** The routes of `app`, every one behind the check of the `Host` header. */
export function behindHostCheck(app: TemplatedApp, context: ServerContext): RouteTable {
  const guarded =
    (path: string, handler: RouteHandler): Handler =>
    (res, req) => {
      const host = req.getHeader('host');
      const route = path === '/*' ? otherRoute : path;
      if (context.hosts.allows(host)) {
        handler(res, req, route);
        return;
      }
      const length = Number(req.getHeader('content-length') || 0);
      refuseUnread(new Exchange(context, res, req, route), res, hostRefusal(host), length);
    };
  return {
    any: (path, handler) => app.any(path, guarded(path, handler)),
    del: (path, handler) => app.del(path, guarded(path, handler)),
    get: (path, handler) => app.get(path, guarded(path, handler)),
    head: (path, handler) => app.head(path, guarded(path, handler)),
    post: (path, handler) => app.post(path, guarded(path, handler)),
  };
}
