import type { BackgroundRecord } from '../../background/background-record.js';
import type { BackgroundService } from '../../background/background-service.js';
import { ResponseText, type ResponseStatus } from './response-text.js';

/** Where responses are kept that were asked for with `"background": true`. */
export const responsesEndpoint = '/v1/responses';

function errorMessage(json: string | undefined): string {
  if (json === undefined) return 'The server failed to answer this request.';
  return (JSON.parse(json) as { readonly error: { readonly message: string } }).error.message;
}

/** The response that a background record is, at any point of its life. */
export function backgroundResponse(service: BackgroundService, record: BackgroundRecord): string {
  const { id, ticket, end } = record;
  if (end?.response !== undefined) return end.response;
  const identity = { id, createdAt: Math.floor(ticket.createdMs / 1000), model: ticket.model };
  const text = new ResponseText(identity, { background: true, user: ticket.scheduling.user || null });
  if (end?.status === 'failed') return text.json({ status: 'failed', output: '', error: errorMessage(end.error) });
  if (end !== undefined) return text.json({ status: 'cancelled', output: '' });
  const { status } = service.standingOf(record);
  const shown: ResponseStatus = status === 'running' ? 'in_progress' : 'queued';
  return text.json({ status: shown, output: '' });
}
