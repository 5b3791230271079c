import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = ['README.md'];

/** The ```ts blocks of a document, each as a file beside it that exists in memory only. */
function codeBlocks(document: string): Map<string, string> {
  const blocks = new Map<string, string>();
  const text = readFileSync(join(root, document), 'utf8');
  for (const [, code = ''] of text.matchAll(/^```ts\n([\s\S]*?)^```$/gmu)) {
    blocks.set(join(root, `${document}.${String(blocks.size + 1)}.ts`), code);
  }
  return blocks;
}

function compilerOptions(): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json');
  const config = ts.readConfigFile(path, (name) => ts.sys.readFile(name));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  // A reader's project need not be as strict as ours, and has the package where we have its sources.
  return { ...options, noEmit: true, noUnusedLocals: false, paths: { 'inferno-ai': [join(root, 'lib/index.ts')] } };
}

function typeErrors(blocks: ReadonlyMap<string, string>): string[] {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const disk = ts.createCompilerHost(options);
  host.fileExists = (name) => blocks.has(name) || disk.fileExists(name);
  host.readFile = (name) => blocks.get(name) ?? disk.readFile(name);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const code = blocks.get(name);
    if (code === undefined) return disk.getSourceFile(name, languageVersion, ...rest);
    return ts.createSourceFile(name, code, languageVersion);
  };
  const program = ts.createProgram([...blocks.keys()], options, host);
  return [...blocks.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    const diagnostics = [...program.getSemanticDiagnostics(file), ...program.getSyntacticDiagnostics(file)];
    return diagnostics.map((found) => `${name}: ${ts.flattenDiagnosticMessageText(found.messageText, '\n')}`);
  });
}

describe('code in the documents', () => {
  for (const document of documents) {
    it(`${document} type-checks`, () => {
      const blocks = codeBlocks(document);
      assert.notEqual(blocks.size, 0);
      assert.deepEqual(typeErrors(blocks), []);
    });
  }

  it('this check sees errors', () => {
    const errors = typeErrors(
      new Map([[join(root, 'wrong.ts'), "import { loadModels } from 'inferno-ai';\nloadModels();"]]),
    );
    assert.match(errors.join('\n'), /loadModels/u);
  });
});
