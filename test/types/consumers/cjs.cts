import inferno = require('inferno-ai');
import type { Model } from 'inferno-ai';

async function main(): Promise<void> {
  const model: Model = await inferno.loadModel('ember');
  const { text, usage } = await model.complete('Once', { maxTokens: 5 });
  console.log(text, usage.completionTokens, inferno.InfernoError.isInstance(text));
}

void main();
