import { errorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';

/** GET /ws/stream by a client that does not ask for a WebSocket. */
export const upgradeRequired: GetHandler = (exchange) => {
  exchange.sendError(errorReply('upgrade_required', 'Expected a WebSocket handshake.'));
};
