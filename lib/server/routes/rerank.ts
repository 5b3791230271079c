import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { Relevances } from '../../manager/model-source.js';
import type { ServedModel } from '../model-catalog.js';
import { ModelWork } from '../model-work.js';
import { workScheduling } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { scheduledJson } from '../scheduled-json.js';
import { rerankBody, rerankRules } from '../schemas/rerank.js';
import type { RerankBody } from '../schemas/rerank.js';
import { lengthFaults } from '../schemas/text-length.js';

const cannotRank =
  'This model cannot rank documents: load a reranker, in GGUF with rank pooling or in ONNX; /v1/models names what each can do.';

/** Decimal digits that say any 32-bit float exactly. */
const floatDigits = 9;

interface Ranked {
  readonly index: number;
  readonly score: number;
}

/** Best first; equals in the order of the documents. */
function ranked(scores: Float32Array, most: number): Ranked[] {
  const all = Array.from(scores, (score, index) => ({ index, score: Number(score.toPrecision(floatDigits)) }));
  return all.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, most);
}

/** What text-embeddings-inference answers, to those that ask as its clients do. */
function textsJson(results: readonly Ranked[], { documents, return_text: withText }: RerankBody): string {
  return JSON.stringify(
    results.map(({ index, score }) => ({ index, score, ...(withText === true ? documents[index] : {}) })),
  );
}

function answerJson({ scores, tokens }: Relevances, body: RerankBody, modelId: string): string {
  const results = ranked(scores, body.top_n ?? scores.length);
  if (body.isTexts) return textsJson(results, body);
  return JSON.stringify({
    model: modelId,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    results: results.map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(body.return_documents === true ? { document: body.documents[index] } : {}),
    })),
  });
}

function faultsOf({ query, documents, isTexts }: RerankBody, { model }: ServedModel) {
  const texts = documents.map(({ text }) => text);
  return [
    ...lengthFaults([query], 'query', model.info),
    ...lengthFaults(texts, isTexts ? 'texts' : 'documents', model.info),
  ];
}

function answer(exchange: Exchange, served: ServedModel, body: RerankBody, scheduling: RequestScheduling): void {
  const rerank = served.model.startRerank?.bind(served.model);
  if (rerank === undefined) {
    exchange.sendError(errorReply('task_unsupported', cannotRank, 'model'));
    return;
  }
  const faults = faultsOf(body, served);
  if (faults.length > 0) {
    exchange.sendError(faultsReply(faults));
    return;
  }
  exchange.recorder?.scheduled(served.id, scheduling.tier, scheduling.user);
  const documents = body.documents.map(({ text }) => text);
  const options = { truncate: body.truncate ?? true, raw: body.raw_scores ?? false };
  new ModelWork(exchange, served, { operation: 'rerank', scheduling }).start(
    () => rerank(body.query, documents, { ...options, scheduling: workScheduling(exchange, scheduling) }),
    (result) => {
      exchange.sendJson(200, answerJson(result, body, served.id), [exchange.processingHeader()]);
    },
  );
}

/** POST /v1/rerank, and llama-server's other names for it. */
export const rerank = scheduledJson({ schema: rerankBody, rules: rerankRules, answer });
