import type { HttpRequest } from 'uWebSockets.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ServerContext } from './server-context.js';

/** A page of the server's own host, or one of those that may read its answers. No `Origin`: no browser, or no other page. */
function mayConnect(origin: string, host: string, { cors }: ServerContext): boolean {
  if (origin === '' || cors.allows(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host.trim().toLowerCase();
}

/**
 * The refusal of what a page asks for that may not. Browsers let every page open WebSockets and send GETs anywhere, an
 * image's for example, which carries no `Origin`; that it comes from elsewhere they say in `Sec-Fetch-Site`.
 */
export function originRefusal(req: HttpRequest, context: ServerContext): ErrorReply | undefined {
  const origin = req.getHeader('origin');
  const isHidden = origin === '' && /^(?:cross|same)-site$/u.test(req.getHeader('sec-fetch-site'));
  if (!isHidden && mayConnect(origin, req.getHeader('host'), context)) return undefined;
  const from = isHidden ? 'another site' : JSON.stringify(origin.slice(0, 100));
  return errorReply('origin_not_allowed', `Pages of ${from} may not connect to this server.`, 'origin');
}
