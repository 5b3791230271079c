import type { NativeEmbeddings } from '../../native-types.js';
import { faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../model-catalog.js';
import { embeddingBody, embeddingFaults, embeddingRules } from '../schemas/embeddings.js';
import type { EmbeddingBody } from '../schemas/embeddings.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { scheduledJson } from '../scheduled-json.js';
import { startEmbedding } from '../start-embedding.js';

/** Decimal digits that say any 32-bit float exactly. */
const floatDigits = 9;

/** The first `dimensions` of a unit vector, scaled to length 1 again: what models trained for it ("Matryoshka") mean. */
function shortened(vector: Float32Array, dimensions: number): Float32Array {
  if (dimensions === vector.length) return vector;
  const head = vector.slice(0, dimensions);
  const length = Math.hypot(...head);
  return length === 0 ? head : head.map((value) => value / length);
}

function valuesOf(vector: Float32Array, format: EmbeddingBody['encoding_format']): string {
  if (format === 'base64') {
    // OpenAI's clients read it as little-endian floats, which is what every machine that we run on has.
    return `"${Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')}"`;
  }
  return `[${Array.from(vector, (value) => String(Number(value.toPrecision(floatDigits)))).join(',')}]`;
}

function answerJson({ embeddings, tokens }: NativeEmbeddings, body: EmbeddingBody, modelId: string): string {
  const data = embeddings.map((embedding, index) => {
    const vector = shortened(embedding, body.dimensions ?? embedding.length);
    return `{"object":"embedding","index":${String(index)},"embedding":${valuesOf(vector, body.encoding_format)}}`;
  });
  const usage = `{"prompt_tokens":${String(tokens)},"total_tokens":${String(tokens)}}`;
  return `{"object":"list","data":[${data.join(',')}],"model":${JSON.stringify(modelId)},"usage":${usage}}`;
}

function answer(exchange: Exchange, served: ServedModel, body: EmbeddingBody, scheduling: RequestScheduling): void {
  const faults = embeddingFaults(body, served.model.info);
  if (faults.length > 0) {
    exchange.sendError(faultsReply(faults));
    return;
  }
  exchange.recorder?.scheduled(served.id, scheduling.tier, scheduling.user);
  const inputs = body.input.map((input) => (typeof input === 'string' ? input : Int32Array.from(input)));
  const request = { inputs, normalize: true, truncate: body.truncate ?? false, scheduling };
  startEmbedding(exchange, served, request, (result) => {
    exchange.sendJson(200, answerJson(result, body, served.id), [exchange.processingHeader()]);
  });
}

/** POST /v1/embeddings */
export const embeddings = scheduledJson({ schema: embeddingBody, rules: embeddingRules, answer });
