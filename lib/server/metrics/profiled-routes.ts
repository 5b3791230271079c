/** Routes that make a model compute: their requests are profiled, all others are counted only. */
const profiledRoutes: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/embeddings',
  '/chat/completions',
  '/completion',
  '/completions',
  '/infill',
  '/embedding',
  '/embeddings',
]);

export function isProfiled(route: string): boolean {
  return profiledRoutes.has(route);
}
