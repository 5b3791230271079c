import type { ApiKeys } from './api-keys.js';
import type { Cors } from './cors.js';
import type { ExchangeRegistry } from './exchange-registry.js';
import type { ModelCatalog } from './model-catalog.js';
import type { ResolvedLimits } from './server-options.js';

/** What every request of one server shares. */
export interface ServerContext {
  readonly limits: ResolvedLimits;
  readonly keys: ApiKeys;
  readonly cors: Cors;
  readonly catalog: ModelCatalog;
  readonly exchanges: ExchangeRegistry;
}
