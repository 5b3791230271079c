import type { EncodingOptions } from '../manager/model-source.js';
import type { NativeEmbeddings } from '../native-types.js';
import { errorReply } from './error-response.js';
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
  const embed = model.startEmbedding?.bind(model);
  if (embed === undefined) {
    exchange.sendError(errorReply('embedding_unsupported', 'This model cannot produce embeddings.', 'model'));
    return;
  }
  const placed = (): EncodingOptions =>
    scheduling === undefined ? { truncate } : { truncate, scheduling: workScheduling(exchange, scheduling) };
  new ModelWork(exchange, served, { operation: 'embeddings', scheduling }).start(
    () => embed(inputs, normalize, placed()),
    answer,
  );
}
