import { faultsReply } from '../error-response.js';
import type { Fault } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../model-catalog.js';
import { startEmbedding } from '../start-embedding.js';
import type { JsonHandler } from '../post-json.js';
import { llamaEmbeddingBody, llamaEmbeddingRules } from '../schemas/llama-embedding.js';
import type { LlamaEmbeddingBody } from '../schemas/llama-embedding.js';
import { parseBody } from '../schemas/parse-body.js';
import { withModel } from '../with-model.js';
import { enginePrompt, promptFaults } from './prompt.js';

/** Decimal digits that say any 32-bit float exactly. */
const floatDigits = 9;

function inputFaults(body: LlamaEmbeddingBody, { model }: ServedModel): Fault[] {
  return promptFaults(body.input, model).map(({ message }) => ({ param: 'input', message }));
}

/** A list of vectors per input: one, or without pooling one for each of its tokens. */
function answerJson(embeddings: readonly Float32Array[], width: number): string {
  const entries = embeddings.map((vectors, index) => {
    const values = Array.from(vectors, (value) => String(Number(value.toPrecision(floatDigits))));
    const rows = Array.from({ length: Math.ceil(values.length / width) }, (_, row) =>
      values.slice(row * width, (row + 1) * width).join(','),
    );
    return `{"index":${String(index)},"embedding":[${rows.map((row) => `[${row}]`).join(',')}]}`;
  });
  return `[${entries.join(',')}]`;
}

function answer(exchange: Exchange, served: ServedModel, body: LlamaEmbeddingBody): void {
  const faults = inputFaults(body, served);
  if (faults.length > 0) {
    exchange.sendError(faultsReply(faults));
    return;
  }
  exchange.recorder?.scheduled(served.id, 'normal', '');
  const inputs = body.input.map((input) => {
    const prompt = enginePrompt(input, served.model);
    return 'prompt' in prompt ? prompt.prompt : prompt.tokens;
  });
  const normalize = body.embd_normalize !== -1;
  startEmbedding(exchange, served, { inputs, normalize }, ({ embeddings }) => {
    exchange.sendJson(200, answerJson(embeddings, served.model.info.embeddingLength), [exchange.processingHeader()]);
  });
}

/** POST /embedding and /embeddings */
export const llamaEmbedding: JsonHandler = (exchange, value) => {
  const parsed = parseBody(llamaEmbeddingBody, llamaEmbeddingRules(exchange.limits), value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const body = parsed.data;
  const use = (served: ServedModel): void => {
    answer(exchange, served, body);
  };
  withModel(exchange, exchange.context.catalog.resolve(body.model ?? undefined), { use });
};
