import type { NativeEmbeddings } from '../native-types.js';
import { errorReply, faultsReply } from './error-response.js';
import type { Exchange } from './exchange.js';
import type { ServedModel } from './model-catalog.js';
import { ModelWork } from './model-work.js';
import { workScheduling } from './request-scheduling.js';
import type { RequestScheduling } from './request-scheduling.js';

export interface EmbeddingRequest {
  readonly inputs: readonly (string | Int32Array)[];
  readonly normalize: boolean;
  /** Inputs that are too long are cut. */
  readonly truncate?: boolean;
  readonly scheduling?: RequestScheduling;
}

/** Computes vectors and calls `answer` with them; or answers with the error that prevents it. */
export function startEmbedding(
  exchange: Exchange,
  served: ServedModel,
  { inputs, normalize, truncate = false, scheduling }: EmbeddingRequest,
  answer: (result: NativeEmbeddings) => void,
): void {
  const { model } = served;
  const takesOptions = model.takesEncodingOptions === true;
  const embed = model.startEmbedding?.bind(model);
  if (embed === undefined) {
    exchange.sendError(errorReply('embedding_unsupported', 'This model cannot produce embeddings.', 'model'));
    return;
  }
  if (truncate && !takesOptions) {
    const message = 'Expected false for truncate, since this model does not cut inputs, but received true.';
    exchange.sendError(faultsReply([{ param: 'truncate', message }]));
    return;
  }
  const isScheduled = takesOptions && scheduling !== undefined;
  new ModelWork(exchange, served, { operation: 'embeddings', ...(isScheduled ? { scheduling } : {}) }).start(() => {
    if (!isScheduled) return embed(inputs, normalize, takesOptions ? { truncate } : undefined);
    return embed(inputs, normalize, { truncate, scheduling: workScheduling(exchange, scheduling) });
  }, answer);
}
