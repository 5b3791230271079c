import type { TokenStream } from '../api/token-sink.js';
import type { ModelInfo, QueueStatus } from '../api/types.js';
import { InfernoError } from '../errors.js';
import type { ModelCapability, ServableModel, TensorGraph } from '../manager/model-source.js';
import { graphInfo, graphQueueStatus } from './encoder-info.js';
import { OnnxModel } from './onnx-model.js';
import type { OnnxFeeds, OnnxOutputs, OnnxRunOptions } from './onnx-model.js';

/** A graph without a tokenizer, for a server: it takes and gives tensors, and no text. */
export class ServableGraph implements ServableModel {
  readonly format = 'onnx';
  readonly info: ModelInfo;
  readonly capabilities: readonly ModelCapability[] = ['infer'];
  readonly graph: TensorGraph;
  readonly #model: OnnxModel;
  #running = 0;

  constructor(model: OnnxModel) {
    this.#model = model;
    this.info = graphInfo({ name: '', sizeBytes: model.memoryBytes });
    const { inputs, outputs } = model;
    this.graph = { inputs, outputs, run: async (feeds, options) => this.#run(feeds, options) };
  }

  submit(): TokenStream {
    throw new InfernoError('task_unsupported', 'This model cannot generate text: it takes and gives tensors.');
  }

  detokenize(): string {
    throw new InfernoError('no_vocabulary', 'This model has no vocabulary.');
  }

  queueStatus(): QueueStatus {
    return graphQueueStatus(this.#running);
  }

  memoryBytes(): number {
    return this.#model.memoryBytes;
  }

  async unload(): Promise<void> {
    await this.#model.close();
  }

  async #run(feeds: OnnxFeeds, options?: OnnxRunOptions): Promise<OnnxOutputs> {
    this.#running++;
    try {
      return await this.#model.run(feeds, options);
    } finally {
      this.#running--;
    }
  }
}

/** What a server can serve, of whatever `loadModel` and `loadOnnxModel` give. */
export function servableOf(model: ServableModel | OnnxModel): ServableModel {
  return model instanceof OnnxModel ? new ServableGraph(model) : model;
}
