// Makes a model for load and speed tests: with random weights, or one of the project's own in ONNX.
//   npm run models:make -- --shape 160m --type Q4_K_M --out FILE [--vocab qwen2] [--seed 1]
//   npm run models:make -- --onnx ember --out FOLDER
// F32, F16 and BF16 are written directly; every other type is written as F16 and then quantized.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantizeModel } from '../lib/api/quantize.js';
import { onnxModel, onnxModelNames } from '../fixtures/onnx-models.js';
import { isShapeName, shapes } from '../lib/gguf/shapes.js';
import { writeSyntheticModel } from '../lib/gguf/synthetic.js';

const vocabularies = join(dirname(fileURLToPath(import.meta.url)), '..', 'native/vendor/llama.cpp/models');

function fail(message: string): never {
  console.error(`make-model: ${message}`);
  process.exit(2);
}

function vocabularyFile(name: string): string {
  const path = join(vocabularies, `ggml-vocab-${name}.gguf`);
  if (existsSync(path)) return path;
  if (!existsSync(vocabularies)) fail('llama.cpp is not there. Run `npm run vendor` first.');
  const names = readdirSync(vocabularies).flatMap((file) => /^ggml-vocab-(.+)\.gguf$/u.exec(file)?.[1] ?? []);
  fail(`There is no vocabulary "${name}". Known: ${names.join(', ')}.`);
}

const { values } = parseArgs({
  options: {
    shape: { type: 'string' },
    onnx: { type: 'string' },
    type: { type: 'string', default: 'F16' },
    out: { type: 'string' },
    vocab: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});

async function copyOnnx(name: string, out: string): Promise<void> {
  const folder = await onnxModel(name);
  if (folder === undefined) fail(`--onnx is one of ${onnxModelNames.join(', ')}.`);
  await cp(folder, out, { recursive: true, filter: (path) => !path.endsWith('.key') });
  console.log(out);
}

async function main(): Promise<void> {
  const { shape: name = '', out, onnx } = values;
  if (onnx !== undefined && out !== undefined) return copyOnnx(onnx, resolve(out));
  if (!isShapeName(name)) fail(`--shape is one of ${Object.keys(shapes).join(', ')}.`);
  if (out === undefined) fail('--out FILE is missing.');
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) fail('--seed is an integer.');
  const shape = shapes[name];
  const type = values.type.toUpperCase();
  const isDirect = type === 'F32' || type === 'F16' || type === 'BF16';
  const path = resolve(out);
  const written = isDirect ? path : `${path}.f16.tmp`;
  const model = {
    shape,
    vocabularyPath: vocabularyFile(values.vocab ?? shape.vocabulary),
    name: `synthetic ${name}`,
    seed,
  };
  try {
    await writeSyntheticModel(written, isDirect ? { ...model, type } : model);
    if (!isDirect) await quantizeModel(written, path, { type });
  } finally {
    if (!isDirect) await rm(written, { force: true });
  }
  console.log(`${path}: ${name} ${type}, ${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`);
}

await main();
