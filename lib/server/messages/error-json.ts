/** Errors in the shape that Anthropic's clients read. */
import type { ErrorReply } from '../error-response.js';

const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

export function messagesErrorJson({ status, json }: ErrorReply, requestId: string): string {
  const { error } = JSON.parse(json) as {
    readonly error: { readonly message: string; readonly code: string; readonly param: string | null };
  };
  const type = types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  const { message, code, param } = error;
  return JSON.stringify({ type: 'error', error: { type, message, code, param }, request_id: requestId });
}
