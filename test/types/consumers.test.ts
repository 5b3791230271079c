import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { firstTestModel } from '../support/with-model.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const consumers = join(root, 'test/types/consumers');
const isBuilt = existsSync(join(root, 'dist/index.d.cts'));
const skip = isBuilt ? false : 'dist/ is not built; run `npm run build:ts`';

/** A user's project: the package is found through its exports, and its declarations are checked too. */
const userOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: false,
};

function typeErrors(file: string, options: ts.CompilerOptions): string[] {
  const program = ts.createProgram([join(consumers, file)], { ...userOptions, ...options });
  return ts
    .getPreEmitDiagnostics(program)
    .filter((found) => found.file?.fileName.includes('/node_modules/') !== true)
    .map((found) => `${found.file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(found.messageText, '\n')}`);
}

describe('types of the built package', { skip }, () => {
  const disposable = { lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'] };
  const loose = { strict: false, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const strictest = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const cases: readonly (readonly [project: string, file: string, options: ts.CompilerOptions])[] = [
    ['an ESM project', 'esm.mts', {}],
    ['an ESM project with the strictest options', 'esm.mts', strictest],
    ['a project that is bundled', 'esm.mts', loose],
    ['a project that uses await using', 'disposable.mts', disposable],
    ['a CommonJS project', 'cjs.cts', {}],
  ];
  for (const [project, file, options] of cases) {
    it(`fit ${project}`, () => {
      assert.deepEqual(typeErrors(file, options), []);
    });
  }
});

describe('the built package', { skip }, () => {
  const run = (code: string, type: 'module' | 'commonjs'): unknown => {
    const child = spawnSync(process.execPath, [`--input-type=${type}`, '-e', code], { cwd: root, encoding: 'utf8' });
    assert.equal(child.status, 0, child.stderr);
    return JSON.parse(child.stdout);
  };
  const path = JSON.stringify(firstTestModel().path);
  const answer = `async ({ loadModel }) => {
    const model = await loadModel(${path}, { contextSize: 128, parallel: 1 });
    const { text } = await model.complete('Once', { temperature: 0, maxTokens: 8 });
    await model.unload();
    return text;
  }`;

  it('answers the same in ESM, in CommonJS and with both in one process', () => {
    const esm = run(`console.log(JSON.stringify(await (${answer})(await import('inferno-ai'))))`, 'module');
    const cjs = run(`(${answer})(require('inferno-ai')).then((text) => console.log(JSON.stringify(text)))`, 'commonjs');
    const both = run(
      `const { createRequire } = await import('node:module');
       const [esm, cjs] = [await import('inferno-ai'), createRequire(import.meta.url)('inferno-ai')];
       const answer = ${answer};
       const error = new cjs.InfernoError('queue_full', 'x');
       const recognised = esm.InfernoError.isInstance(error) && !(error instanceof esm.InfernoError);
       console.log(JSON.stringify([...(await Promise.all([answer(esm), answer(cjs)])), recognised]));`,
      'module',
    );
    assert.equal(typeof esm, 'string');
    assert.deepEqual([cjs, both], [esm, [esm, esm, true]]);
  });

  it('loads neither the addon nor the server before they are needed', () => {
    const loaded = run(
      `require('inferno-ai');
       console.log(JSON.stringify(Object.keys(require.cache).filter((file) => /\\.node$|uWebSockets|zod/.test(file))));`,
      'commonjs',
    );
    assert.deepEqual(loaded, []);
  });
});
