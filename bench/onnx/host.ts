/** One measurement in a process of its own: `host.ts JSON` writes its result as JSON. */
import { callMemory, callTime, type CallSide } from './calls.js';

export type OnnxWork =
  | { readonly kind: 'call-time'; readonly side: CallSide; readonly path: string; readonly calls: number }
  | { readonly kind: 'call-memory'; readonly side: CallSide; readonly path: string; readonly calls: number };

async function measure(work: OnnxWork): Promise<unknown> {
  if (work.kind === 'call-time') return callTime(work.side, work.path, work.calls);
  return callMemory(work.side, work.path, work.calls);
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as OnnxWork)));
