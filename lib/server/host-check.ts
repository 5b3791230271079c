import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { refuseUnread } from './body-reader.js';
import { errorReply } from './error-response.js';
import { Exchange } from './exchange.js';
import type { ServerContext } from './server-context.js';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const loopbackAddress = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/u;

/** `name` of `name`, `name:port`, `[::1]` and `[::1]:port`, in lower case. */
function nameOf(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/:\d{1,5}$/u, '')
    .replace(/\.$/u, '');
}

/** An address as it stands in a URL. */
function inUrl(address: string): string {
  return /^[^[]*:.*:/u.test(address) ? `[${address}]` : address;
}

/**
 * By which names the server may be called. A web page can give its own name the address 127.0.0.1 and then talk to a
 * server on its visitor's machine as if it were its own (DNS rebinding); the `Host` header still carries the page's
 * name. So a server that listens on loopback only takes the names of loopback and those that it was told, and one that
 * was told names takes no others wherever it listens.
 */
export class HostCheck {
  readonly #names: ReadonlySet<string> | 'any';

  /** `allowed`: names without port; '*' for any. */
  constructor(listenHost: string, allowed: readonly string[] | undefined) {
    if (allowed?.some((name) => name.trim() === '')) {
      throw new RangeError('Expected non-empty names for allowedHosts.');
    }
    const isOpen = allowed === undefined ? !loopbackAddress.test(listenHost) : allowed.includes('*');
    const names = [...loopbackNames, inUrl(listenHost), ...(allowed ?? [])];
    this.#names = isOpen ? 'any' : new Set(names.map((name) => nameOf(inUrl(name))));
  }

  /** `host`: the header as sent; empty when there is none. */
  allows(host: string): boolean {
    return this.#names === 'any' || this.#names.has(nameOf(host));
  }
}

export function hostRefusal(host: string): ReturnType<typeof errorReply> {
  return errorReply('host_not_allowed', `This server is not called ${JSON.stringify(host.slice(0, 100))}.`);
}

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
