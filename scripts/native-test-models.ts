/**
 * Prints the paths of the models that the native tests run, made if they are not there: a graph of each kind of KV cache,
 * and encoders in GGUF.
 */
import { join } from 'node:path';
import { emberOnnx } from '../fixtures/ember.js';
import { encoderGguf } from '../fixtures/gguf-encoders.js';

for (const name of ['ember', 'ember-gqa'] as const) console.log(join(await emberOnnx(name), 'model.onnx'));
for (const name of ['embedder-mean', 'cross-encoder'] as const) console.log(await encoderGguf(name));
