import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** `lib/server/router.ts`, `native/core`, …: what stands in backticks and begins with a folder of ours. */
function namedPaths(text: string): string[] {
  const paths = [...text.matchAll(/`((?:lib|native|binding|test|docs|scripts|cmake|bench|models)\/[\w./-]*\w)`/gu)];
  return paths.map(([, path = '']) => path);
}

function namedScripts(text: string): string[] {
  return [...text.matchAll(/npm run ([\w:-]+)/gu)].map(([, name = '']) => name);
}

describe('what the documents name exists', () => {
  for (const document of documents) {
    const text = readFileSync(join(root, document), 'utf8');

    it(`files in ${document}`, () => {
      const missing = namedPaths(text).filter((path) => !existsSync(join(root, path)));
      assert.deepEqual(missing, []);
    });

    it(`scripts in ${document}`, () => {
      assert.deepEqual(
        namedScripts(text).filter((name) => scripts[name] === undefined),
        [],
      );
    });

    it(`links in ${document}`, () => {
      const folder = join(root, document, '..');
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/gu)].map(([, target = '']) => target);
      assert.deepEqual(
        links.filter((target) => !existsSync(join(folder, target))),
        [],
      );
    });
  }
});
