import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { Classifications } from '../../manager/model-source.js';
import type { ServedModel } from '../model-catalog.js';
import { ModelWork } from '../model-work.js';
import { randomSuffix } from '../request-id.js';
import { workScheduling } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { scheduledJson } from '../scheduled-json.js';
import { classifyBody, classifyRules } from '../schemas/classify.js';
import type { ClassifyBody } from '../schemas/classify.js';
import { lengthFaults } from '../schemas/text-length.js';

const cannotClassify =
  'This model cannot classify: load one with a classifier of several classes; /v1/models names what each can do.';

/** Decimal digits that say any 32-bit float exactly. */
const floatDigits = 9;

interface ScoredLabel {
  readonly label: string;
  readonly score: number;
}

/** Best first; equals in the order of the classes. */
function rankedLabels(scores: Float32Array, labels: readonly string[]): ScoredLabel[] {
  const all = Array.from(scores, (score, index) => ({
    label: labels[index] ?? `LABEL_${String(index)}`,
    score: Number(score.toPrecision(floatDigits)),
  }));
  return all.sort((a, b) => b.score - a.score);
}

function answerJson({ labels, scores, tokens }: Classifications, body: ClassifyBody, modelId: string): string {
  const data = scores.map((values, index) => {
    const all = rankedLabels(values, labels);
    return {
      object: 'classification',
      index,
      ...all[0],
      labels: all.slice(0, body.top_k ?? all.length),
      num_classes: all.length,
    };
  });
  return JSON.stringify({
    id: `classify-${randomSuffix()}`,
    object: 'list',
    created: Math.floor(Date.now() / 1000),
    model: modelId,
    data,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

function answer(exchange: Exchange, served: ServedModel, body: ClassifyBody, scheduling: RequestScheduling): void {
  const classify = served.model.startClassification?.bind(served.model);
  if (classify === undefined) {
    exchange.sendError(errorReply('task_unsupported', cannotClassify, 'model'));
    return;
  }
  const faults = lengthFaults(body.input, 'input', served.model.info);
  if (faults.length > 0) {
    exchange.sendError(faultsReply(faults));
    return;
  }
  exchange.recorder?.scheduled(served.id, scheduling.tier, scheduling.user);
  const options = { truncate: body.truncate ?? false, raw: body.raw_scores ?? false };
  new ModelWork(exchange, served, { operation: 'classify', scheduling }).start(
    () => classify(body.input, { ...options, scheduling: workScheduling(exchange, scheduling) }),
    (result) => {
      exchange.sendJson(200, answerJson(result, body, served.id), [exchange.processingHeader()]);
    },
  );
}

/** POST /v1/classify */
export const classify = scheduledJson({ schema: classifyBody, rules: classifyRules, answer });
