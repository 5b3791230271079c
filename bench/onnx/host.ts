/** One measurement in a process of its own: `host.ts JSON` writes its result as JSON. */
import { callMemory, callTime, type CallSide } from './calls.js';
import { embeddingRate, type EmbeddingSide } from './embeddings.js';
import { generationRate, type GenerationSide } from './generation.js';

export type OnnxWork =
  | { readonly kind: 'call-time'; readonly side: CallSide; readonly path: string; readonly calls: number }
  | { readonly kind: 'call-memory'; readonly side: CallSide; readonly path: string; readonly calls: number }
  | {
      readonly kind: 'embeddings';
      readonly side: EmbeddingSide;
      readonly folder: string;
      readonly concurrent: number;
      readonly rounds: number;
    }
  | {
      readonly kind: 'generation';
      readonly side: GenerationSide;
      readonly folder: string;
      readonly streams: number;
      readonly tokens: number;
      readonly rounds: number;
    };

async function measure(work: OnnxWork): Promise<unknown> {
  switch (work.kind) {
    case 'call-time':
      return callTime(work.side, work.path, work.calls);
    case 'call-memory':
      return callMemory(work.side, work.path, work.calls);
    case 'embeddings':
      return embeddingRate(work.side, work.folder, work.concurrent, work.rounds);
    case 'generation':
      return generationRate(work.side, work.folder, work.streams, work.tokens, work.rounds);
  }
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as OnnxWork)));
