/** Everything in examples/ that runs with what is here, against a real server with Ember; and its TypeScript, type-checked. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer } from '../../lib/server/index.js';
import { toolTemplate } from '../support/with-server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const key = 'key-of-the-examples';

function examplesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, 'examples', folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => join('examples', folder, name));
}

function missing(command: string): string | false {
  return spawnSync(command, ['--version']).status === 0 ? false : `there is no ${command} here`;
}

describe('examples', () => {
  let model: Model;
  let server: InfernoServer;
  const journal = mkdtempSync(join(tmpdir(), 'inferno-examples-'));
  before(async () => {
    model = await loadModel('ember', { contextSize: 1024, parallel: 4, chatTemplate: toolTemplate });
    const models = [{ id: 'ember', model }];
    server = await createServer({ models, port: 0, apiKeys: [key], background: { directory: journal } });
  });
  after(async () => {
    await server.close({ drainMs: 0 });
    await model.unload();
    rmSync(journal, { recursive: true, force: true });
  });

  /** What it prints. The server is in this process, so that nothing here may block. */
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    const env = { ...process.env, INFERNO_URL: server.url, INFERNO_API_KEY: key, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
    await once(child, 'close');
    assert.equal(child.exitCode, 0, `${output}\n${errors}`);
    assert.notEqual(output.trim(), '', 'it printed nothing');
    return output;
  };

  /** What only some of them must print. */
  const expected: Readonly<Record<string, RegExp>> = {
    'chat.sh': /"object":"chat\.completion"/u,
    'stream.sh': /data: \[DONE\]/u,
    'tools.sh': /"tool_calls":\[.*get_weather/u,
    'structured-output.sh': /\\"answer\\":(?:\\[nt]| )*\\"(?:yes|no)\\"/u,
    'embeddings.sh': /"object":"embedding"/u,
    'responses.sh': /"object":"response"/u,
    'messages.sh': /"type":"message"/u,
    'background.sh': /"status":"completed".*"object":"text_completion"/u,
    'structured_output.py': /^(?:yes|no)$/mu,
    'embeddings.py': /^-?[\d.]+(?:e-\d+)?$/mu,
    'websocket.mjs': /^one: [^]*^two: |^two: [^]*^one: /mu,
    'tools.ts': /^get_weather\("(?:Oslo|Rome)"\)$/mu,
  };
  const check = (file: string, output: string): void => {
    const [, pattern] = Object.entries(expected).find(([name]) => file.endsWith(`/${name}`)) ?? [];
    if (pattern !== undefined) assert.match(output, pattern);
  };

  for (const file of examplesIn('curl', '.sh')) {
    it(`${file} runs`, { skip: missing('curl') }, async () => {
      check(file, await run('sh', [file]));
    });
  }

  for (const file of examplesIn('python', '.py')) {
    if (file.endsWith('inferno_client.py')) continue;
    it(
      `${file} ${file.endsWith('openai_client.py') ? 'is Python' : 'runs'}`,
      { skip: missing('python3') },
      async () => {
        if (file.endsWith('openai_client.py'))
          await run('python3', ['-c', `import ast; print(ast.parse(open(${JSON.stringify(file)}).read()))`]);
        else check(file, await run('python3', [file]));
      },
    );
  }

  for (const file of examplesIn('javascript', '.mjs')) {
    it(`${file} runs`, async () => {
      check(file, await run(process.execPath, [file]));
    });
  }

  for (const file of examplesIn('typescript', '.ts')) {
    // The package by its own name is what was built, which a test of the sources does not need.
    if (file.endsWith('embedded.ts')) continue;
    it(`${file} runs`, async () => {
      check(file, await run(process.execPath, ['--import', 'tsx', file]));
    });
  }

  it('the embedded model runs, on the sources', async () => {
    const code = readFileSync(join(root, 'examples/typescript/embedded.ts'), 'utf8');
    const onSources = code.replace("'inferno-ai'", JSON.stringify(join(root, 'lib/index.ts')));
    assert.notEqual(onSources, code);
    const output = await run(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      onSourcesAsJavaScript(onSources),
    ]);
    assert.match(output, /promptTokens/u);
  });

  it('the TypeScript type-checks', () => {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const program = ts.createProgram(
      examplesIn('typescript', '.ts').map((file) => join(root, file)),
      { ...options, noEmit: true, paths: { 'inferno-ai': [join(root, 'lib/index.ts')] } },
    );
    const found = ts.getPreEmitDiagnostics(program);
    assert.deepEqual(
      found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
      [],
    );
  });

  it('examples/README.md links every file, and nothing else', () => {
    const text = readFileSync(join(root, 'examples/README.md'), 'utf8');
    const linked = [...text.matchAll(/\]\(([\w/.-]+)\)/gu)].map(([, file = '']) => join('examples', file));
    const files = [
      ...examplesIn('curl', '.sh'),
      ...examplesIn('python', '.py'),
      ...examplesIn('javascript', '.mjs'),
      ...examplesIn('typescript', '.ts'),
    ].filter((file) => !file.endsWith('inferno_client.py'));
    assert.deepEqual([...new Set(linked)].sort(), files.sort());
  });
});

/** What Node runs: `await using` is younger than the oldest version of it. */
function onSourcesAsJavaScript(code: string): string {
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions: options }).outputText;
}
