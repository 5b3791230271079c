import {
  createServer,
  InfernoError,
  loadModel,
  type ChatMessage,
  type ErrorCode,
  type Generation,
  type GenerationPart,
  type GenerationResult,
  type InfernoServer,
  type Model,
} from 'inferno-ai';

const messages: ChatMessage[] = [{ role: 'user', content: 'Hello!' }];
const model: Model = await loadModel('ember', { contextSize: 512, threads: 'auto' });
const generation: Generation = model.chat(messages, { temperature: 0, signal: AbortSignal.timeout(1000) });
for await (const part of generation) {
  const typed: GenerationPart = part;
  console.log(typed.text, typed.tokens.toFixed(0));
}
const result: GenerationResult = await generation;
const [first, second]: GenerationResult[] = await Promise.all([model.complete('a'), model.complete([1, 2])]);
const vector: Float32Array = await model.embed('one');
const vectors: Float32Array[] = await model.embed(['one', 'two'], { normalize: false });
const server: InfernoServer = await createServer({ models: [{ id: 'ember', model }], port: 0 });
console.log(result.text, first?.text, second?.stopReason, vector.length, vectors.length, server.url);

try {
  model.tokenize('x', { addSpecial: true });
} catch (error) {
  if (InfernoError.isInstance(error)) {
    const code: ErrorCode = error.code;
    console.log(code, error.status.toFixed(0), error.retryable);
  }
}
await model.unload();

// @ts-expect-error -- options are known by name
model.complete('x', { temprature: 1 });
// @ts-expect-error -- roles are known by name
model.chat([{ role: 'robot', content: 'x' }]);
// @ts-expect-error -- the parts are read-only
result.text = '';
// @ts-expect-error -- models come from loadModel
new Model();
