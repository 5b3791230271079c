export { createServer } from './create-server.js';
export type { CloseOptions, InfernoServer } from './create-server.js';
export type { LoadableModelSource, LoadedModelSource } from '../manager/model-source.js';
export type { ModelSource, ServableModel } from './model-catalog.js';
export type { KeyPriority, PriorityOptions } from './priority-policy.js';
export type { QueueHealthThresholds } from './queue-health.js';
export type { BackgroundOptions } from './background-options.js';
export type { ServerLimits, ServerOptions } from './server-options.js';
export type { WebSocketOptions } from './websocket/socket-options.js';
