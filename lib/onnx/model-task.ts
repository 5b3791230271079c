import type { FolderConfig } from './folder-schemas.js';

/** What a text model can be asked for. */
export const onnxTasks = ['embed', 'rerank', 'classify', 'generate'] as const;
export type OnnxTask = (typeof onnxTasks)[number];

/** What tells the task of a folder: its config.json, and whether sentence-transformers wrote it. */
interface TaskEvidence {
  readonly config: Pick<FolderConfig, 'architectures' | 'num_labels' | 'id2label'>;
  readonly isSentenceModel: boolean;
  /** Names of the graph's inputs and outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Classes of a model that classifies: said in one of two ways; transformers' default is two. */
export function labelCount({ num_labels: count, id2label }: Pick<FolderConfig, 'num_labels' | 'id2label'>): number {
  if (id2label != null) return Object.keys(id2label).length;
  return count ?? 2;
}

/**
 * What a model is for. A model with one label per text is a cross-encoder, which gives a relevance. Models of
 * sentence-transformers embed whatever their architecture says: it names what they were trained from.
 */
export function taskOf({ config, isSentenceModel, inputs, outputs }: TaskEvidence): OnnxTask {
  const [architecture = ''] = config.architectures ?? [];
  if (architecture.endsWith('ForSequenceClassification')) return labelCount(config) === 1 ? 'rerank' : 'classify';
  if (isSentenceModel) return 'embed';
  const hasCache = inputs.some((name) => name.startsWith('past'));
  if (hasCache && outputs.includes('logits')) return 'generate';
  return 'embed';
}
