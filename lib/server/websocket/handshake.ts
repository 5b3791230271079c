import type { HttpRequest } from 'uWebSockets.js';
import { callerOf } from '../caller.js';
import type { Caller } from '../caller.js';
import { errorReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import { originRefusal } from '../origin-check.js';
import { refusalByKey } from '../post-json.js';
import type { ServerContext } from '../server-context.js';
import { protocolName } from './server-messages.js';

/** Browsers cannot set headers of a WebSocket; a key comes as one of the subprotocols they offer, percent-encoded. */
const keyPrefix = 'inferno.key.';

/** An accepted upgrade. `protocol`: to be named in the answer; empty for clients that named none. */
export interface Handshake {
  readonly caller: Caller;
  readonly protocol: string;
}

function offeredProtocols(header: string): string[] {
  return header
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

function keyIn(protocols: readonly string[]): string | undefined {
  const encoded = protocols.find((protocol) => protocol.startsWith(keyPrefix))?.slice(keyPrefix.length);
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function refusal(req: HttpRequest, context: ServerContext, caller: Caller, offers: string[]): ErrorReply | undefined {
  if (context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
  const version = req.getHeader('sec-websocket-version');
  if (version !== '13') {
    return errorReply('upgrade_required', `Expected WebSocket version 13 but received ${JSON.stringify(version)}.`);
  }
  const unauthorized = originRefusal(req, context) ?? refusalByKey(context, caller);
  if (unauthorized !== undefined) return unauthorized;
  if (offers.length === 0 || offers.includes(protocolName)) return undefined;
  const message = `Expected the subprotocol ${protocolName} among those offered.`;
  return errorReply('invalid_argument', message, 'sec-websocket-protocol');
}

/** REQUIRES: inside the handler that uWebSockets.js gave the request to; its `Host` was checked. */
export function handshakeOf(req: HttpRequest, context: ServerContext): Handshake | { readonly error: ErrorReply } {
  const offers = offeredProtocols(req.getHeader('sec-websocket-protocol'));
  const sent = callerOf(req, context.keys);
  const key = keyIn(offers);
  const caller = sent.key === -1 && key !== undefined ? { ...sent, key: context.keys.indexOf(`Bearer ${key}`) } : sent;
  const error = refusal(req, context, caller, offers);
  return error === undefined ? { caller, protocol: offers.length > 0 ? protocolName : '' } : { error };
}
