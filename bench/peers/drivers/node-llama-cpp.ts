/** node-llama-cpp: one context with as many sequences as streams, its leanest way to generate (`sequence.evaluate`). */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Driver } from './driver.js';

type Token = number;
interface Sequence {
  evaluate(tokens: Token[], options: { temperature: number; yieldEogToken: boolean }): AsyncIterable<Token>;
  clearHistory(): Promise<void>;
}
interface Model {
  readonly tokens: { readonly bos: Token | null; readonly shouldPrependBosToken: boolean };
  tokenize(text: string): Token[];
  detokenize(tokens: readonly Token[]): string;
  createContext(options: {
    sequences: number;
    contextSize: number;
    threads?: number;
  }): Promise<{ getSequence(): Sequence }>;
}
interface Package {
  getLlama(options: {
    gpu: false;
    build: 'never';
    progressLogs: boolean;
    maxThreads?: number;
  }): Promise<{ loadModel(options: { modelPath: string }): Promise<Model> }>;
}

export const nodeLlamaCpp: Driver = async (folder = '', { modelPath, streams, contextSize, threads }) => {
  const library = (await import(pathToFileURL(join(folder, 'dist/index.js')).href)) as Package;
  const asked = threads === undefined ? {} : { maxThreads: threads };
  const llama = await library.getLlama({ gpu: false, build: 'never', progressLogs: false, ...asked });
  const model = await llama.loadModel({ modelPath });
  const own = threads === undefined ? {} : { threads };
  const context = await model.createContext({ sequences: streams, contextSize, ...own });
  const sequences = Array.from({ length: streams }, () => context.getSequence());
  const { bos, shouldPrependBosToken } = model.tokens;
  return {
    async generate(stream, prompt, tokens, onToken) {
      const sequence = sequences[stream];
      if (sequence === undefined) throw new RangeError(`There is no sequence ${String(stream)}.`);
      const input = [...(shouldPrependBosToken && bos !== null ? [bos] : []), ...model.tokenize(prompt)];
      let text = '';
      let count = 0;
      for await (const token of sequence.evaluate(input, { temperature: 0, yieldEogToken: true })) {
        text += model.detokenize([token]);
        onToken();
        if (++count === tokens) break;
      }
      return { text, tokens: count };
    },
    async reset() {
      await Promise.all(sequences.map((sequence) => sequence.clearHistory()));
    },
  };
};
