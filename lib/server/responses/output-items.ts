/** JSON of the items of an answer. Texts, names and arguments are JSON-escaped, ids are not. */
import type { TokenLogprob } from '../../api/types.js';
import { logprobEntries } from '../logprobs-json.js';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export function textPart(text: string, logprobs: readonly TokenLogprob[]): string {
  return `{"type":"output_text","text":"${text}","annotations":[],"logprobs":${JSON.stringify(logprobEntries(logprobs))}}`;
}

export function reasoningPart(text: string): string {
  return `{"type":"reasoning_text","text":"${text}"}`;
}

export function messageItem(id: string, status: ItemStatus, part: string): string {
  return `{"id":"${id}","type":"message","status":"${status}","role":"assistant","content":[${part}]}`;
}

export function reasoningItem(id: string, status: ItemStatus, part: string): string {
  return `{"id":"${id}","type":"reasoning","status":"${status}","summary":[],"content":[${part}]}`;
}

export function callItem(
  id: string,
  status: ItemStatus,
  call: { readonly id: string; readonly name: string; readonly arguments: string },
): string {
  return (
    `{"id":"${id}","type":"function_call","status":"${status}","call_id":${JSON.stringify(call.id)},` +
    `"name":"${call.name}","arguments":"${call.arguments}"}`
  );
}
