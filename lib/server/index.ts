export { createServer } from './create-server.js';
export type { CloseOptions, InfernoServer } from './create-server.js';
export type { ModelSource, ServableModel } from './model-catalog.js';
export type { ServerLimits, ServerOptions } from './server-options.js';
