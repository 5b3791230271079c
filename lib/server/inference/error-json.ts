/** Errors in the shape that clients of the Open Inference Protocol read. */
import type { ErrorReply } from '../error-response.js';

export function inferenceErrorJson({ json }: ErrorReply): string {
  const { error } = JSON.parse(json) as { readonly error: { readonly message: string; readonly code: string } };
  return JSON.stringify({ error: error.message, code: error.code });
}
