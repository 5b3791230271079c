/** Prints the paths of the graphs that the native tests run, made if they are not there: one of each kind of KV cache. */
import { join } from 'node:path';
import { emberOnnx } from '../fixtures/ember.js';

for (const name of ['ember', 'ember-gqa'] as const) console.log(join(await emberOnnx(name), 'model.onnx'));
