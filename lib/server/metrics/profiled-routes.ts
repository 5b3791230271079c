/** Routes that make a model compute: their requests are profiled, all others are counted only. */
const profiledRoutes: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/embeddings',
  '/v1/rerank',
  '/v1/reranking',
  '/v1/classify',
  '/v2/models/*',
  '/chat/completions',
  '/completion',
  '/completions',
  '/infill',
  '/embedding',
  '/embeddings',
  '/rerank',
  '/reranking',
]);

export function isProfiled(method: string, route: string): boolean {
  return method === 'POST' && profiledRoutes.has(route);
}
