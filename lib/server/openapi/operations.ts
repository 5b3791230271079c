/** Every route of the server. A test holds this against the router. */
import type { Operations } from './operation.js';
import { backgroundOperations } from './operations/background.js';
import { descriptionOperations } from './operations/description.js';
import { embeddingOperations } from './operations/embeddings.js';
import { eventStreamOperations } from './operations/event-streams.js';
import { generationOperations } from './operations/generation.js';
import { healthOperations } from './operations/health.js';
import { inputTokenOperations } from './operations/input-tokens.js';
import { inferenceOperations } from './operations/inference.js';
import { llamaOperations } from './operations/llama.js';
import { messageOperations } from './operations/messages.js';
import { metricsOperations } from './operations/metrics.js';
import { modelOperations } from './operations/models.js';
import { responseOperations } from './operations/responses.js';
import { webSocketOperations } from './operations/websocket.js';

export const operations: Operations = {
  ...generationOperations,
  ...inputTokenOperations,
  ...eventStreamOperations,
  ...webSocketOperations,
  ...responseOperations,
  ...messageOperations,
  ...embeddingOperations,
  ...inferenceOperations,
  ...modelOperations,
  ...backgroundOperations,
  ...healthOperations,
  ...metricsOperations,
  ...llamaOperations,
  ...descriptionOperations,
};
