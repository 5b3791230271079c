import type { TokenStream } from '../api/token-sink.js';
import type { ModelInfo, QueueStatus } from '../api/types.js';
import { InfernoError } from '../errors.js';
import type { ModelCapability, ServableModel, TensorGraph } from '../manager/model-source.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import { graphInfo, graphQueueStatus } from './encoder-info.js';
import { OnnxModel } from './onnx-model.js';

/** A graph without a tokenizer, for a server: it takes and gives tensors, and no text. */
export class ServableGraph implements ServableModel {
  readonly format = 'onnx';
  readonly info: ModelInfo;
  readonly capabilities: readonly ModelCapability[] = ['infer'];
  readonly graph: TensorGraph;
  readonly #model: OnnxModel;

  constructor(model: OnnxModel) {
    this.#model = model;
    this.info = graphInfo({ name: '', sizeBytes: model.memoryBytes });
    this.graph = model;
  }

  submit(): TokenStream {
    throw new InfernoError('task_unsupported', 'This model cannot generate text: it takes and gives tensors.');
  }

  detokenize(): string {
    throw new InfernoError('no_vocabulary', 'This model has no vocabulary.');
  }

  queueStatus(): QueueStatus {
    return graphQueueStatus(this.#model.queueStatus());
  }

  memoryBytes(): number {
    return this.#model.memoryBytes;
  }

  phaseStatistics(): readonly NativeStatistics[] {
    return [this.#model.statistics()];
  }

  async unload(): Promise<void> {
    await this.#model.close();
  }
}

/** What a server can serve, of whatever `loadModel` and `loadOnnxModel` give. */
export function servableOf(model: ServableModel | OnnxModel): ServableModel {
  return model instanceof OnnxModel ? new ServableGraph(model) : model;
}
