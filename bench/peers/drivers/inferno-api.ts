/** Inferno's own Node API, inside the process as its peers are: no HTTP on either side. */
import { existsSync } from 'node:fs';
import type { loadModel } from '../../../lib/index.js';
import type { Driver } from './driver.js';

const bundle = new URL('../../../dist/index.js', import.meta.url);

export const infernoApi: Driver = async (_, { modelPath, streams, contextSize, threads }) => {
  if (!existsSync(bundle)) throw new Error('dist/ is not built. Run `npm run build:ts` first.');
  const inferno = (await import(bundle.href)) as { readonly loadModel: typeof loadModel };
  const own = threads === undefined ? {} : { threads };
  const model = await inferno.loadModel(modelPath, { parallel: streams, contextSize, ...own });
  return {
    async generate(_stream, prompt, tokens, onToken) {
      const generation = model.complete(prompt, { maxTokens: tokens, temperature: 0, ignoreEos: true });
      let text = '';
      for await (const part of generation) {
        text += part.text;
        onToken();
      }
      const { usage } = await generation;
      return { text, tokens: usage.completionTokens };
    },
    reset: () => Promise.resolve(),
  };
};
