/** @fugood/llama.node: its completion for one stream, its parallel mode (slots) for several. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Driver } from './driver.js';

interface Options {
  readonly prompt: string;
  readonly n_predict: number;
  readonly temperature: number;
  readonly ignore_eos: boolean;
}
interface Completed {
  readonly text?: string;
  readonly tokens_predicted?: number;
}
interface Context {
  completion(options: Options, onToken: () => void): Promise<Completed>;
  clearCache(clearData: boolean): void;
  readonly parallel: {
    enable(options: { n_parallel: number; n_batch: number }): Promise<boolean>;
    completion(options: Options, onToken: () => void): Promise<{ readonly promise: Promise<Completed> }>;
  };
}
interface Package {
  loadModel(options: {
    model: string;
    n_ctx: number;
    n_batch: number;
    n_parallel: number;
    n_gpu_layers: number;
    kv_unified: boolean;
    n_threads?: number;
  }): Promise<Context>;
}

const batch = 512;

export const llamaNode: Driver = async (folder = '', { modelPath, streams, contextSize, threads }) => {
  const library = createRequire(join(folder, 'package.json'))(folder) as Package;
  const context = await library.loadModel({
    model: modelPath,
    n_ctx: contextSize * streams,
    n_batch: batch,
    n_parallel: streams,
    n_gpu_layers: 0,
    kv_unified: false,
    ...(threads === undefined ? {} : { n_threads: threads }),
  });
  if (streams > 1 && !(await context.parallel.enable({ n_parallel: streams, n_batch: batch }))) {
    throw new Error('llama.node cannot work in parallel.');
  }
  return {
    async generate(_, prompt, tokens, onToken) {
      let events = 0;
      const count = (): void => {
        events++;
        onToken();
      };
      const options = { prompt, n_predict: tokens, temperature: 0, ignore_eos: true };
      const completed =
        streams === 1
          ? // Alone it counts and delivers one token less than it was asked for (1.7.15).
            await context.completion({ ...options, n_predict: tokens + 1 }, count)
          : await (
              await context.parallel.completion(options, count)
            ).promise;
      return { text: completed.text ?? '', tokens: completed.tokens_predicted ?? events };
    },
    reset() {
      // In parallel mode a slot's cache belongs to the slot; the prompts of a round differ from each other.
      if (streams === 1) context.clearCache(true);
      return Promise.resolve();
    },
  };
};
