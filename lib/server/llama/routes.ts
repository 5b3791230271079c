import type { GetHandler } from '../get-json.js';
import type { JsonHandler } from '../post-json.js';
import { responses } from '../responses/routes.js';
import { chatCompletions } from '../routes/chat-completions.js';
import { live } from '../routes/health.js';
import { chatInputTokens, responseInputTokens } from '../routes/input-tokens.js';
import { listModels } from '../routes/models.js';
import { rerank } from '../routes/rerank.js';
import { applyTemplate } from './apply-template.js';
import { llamaCompletion, llamaInfill } from './completion.js';
import { llamaEmbedding } from './embedding.js';
import { getLoraAdapters, postLoraAdapters } from './lora-adapters.js';
import { getProps, postProps } from './props.js';
import { getSlots, postSlots } from './slots.js';

interface LlamaGetRoute {
  readonly path: string;
  readonly needsKey: boolean;
  readonly handle: GetHandler;
}

interface LlamaPostRoute {
  readonly path: string;
  readonly handle: JsonHandler;
  /** Default true. */
  readonly needsBody?: boolean;
}

/** llama-server's own routes, and its other names for those that OpenAI has, too. */
export const llamaGetRoutes: readonly LlamaGetRoute[] = [
  { path: '/props', needsKey: true, handle: getProps },
  { path: '/slots', needsKey: true, handle: getSlots },
  { path: '/lora-adapters', needsKey: true, handle: getLoraAdapters },
  { path: '/models', needsKey: true, handle: listModels },
  { path: '/v1/health', needsKey: false, handle: live },
];

export const llamaPostRoutes: readonly LlamaPostRoute[] = [
  { path: '/completion', handle: llamaCompletion },
  { path: '/completions', handle: llamaCompletion },
  { path: '/infill', handle: llamaInfill },
  { path: '/embedding', handle: llamaEmbedding },
  { path: '/embeddings', handle: llamaEmbedding },
  { path: '/rerank', handle: rerank },
  { path: '/reranking', handle: rerank },
  { path: '/v1/reranking', handle: rerank },
  { path: '/apply-template', handle: applyTemplate },
  { path: '/chat/completions', handle: chatCompletions },
  { path: '/chat/completions/input_tokens', handle: chatInputTokens },
  { path: '/responses', handle: responses },
  { path: '/responses/input_tokens', handle: responseInputTokens },
  { path: '/props', handle: postProps, needsBody: false },
  { path: '/slots/*', handle: postSlots, needsBody: false },
  { path: '/lora-adapters', handle: postLoraAdapters },
];
