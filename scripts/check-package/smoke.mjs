// What a user's program does first, under one Node.js: doctor, CommonJS, modules, a worker thread, the server.
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { chat, cliFile } from './chat.mjs';
import { run } from './shell.mjs';

const ask = `
  const model = await loadModel('ember', { parallel: 1 });
  const { text } = await model.chat([{ role: 'user', content: 'Hello!' }], { maxTokens: 8, temperature: 0 });
  await model.unload();
  if (text === '') throw new Error('An empty answer.');
`;
const programs = {
  'required.cjs': `const { loadModel } = require('inferno-ai'); void (async () => { ${ask} })();`,
  'imported.mjs': `import { loadModel } from 'inferno-ai'; ${ask}`,
  'worker.mjs': `
    import { Worker } from 'node:worker_threads';
    import { once } from 'node:events';
    // Two at once, of which each loads the addon for itself.
    const workers = [1, 2].map(() => new Worker(new URL('./imported.mjs', import.meta.url)));
    for (const [code] of await Promise.all(workers.map((worker) => once(worker, 'exit')))) if (code !== 0) process.exit(code);
  `,
};

/** @param node the binary; @param env what it sees. */
export async function smoke(node, project, env) {
  const version = run(node, ['--version'], { env }).trim();
  const { checks } = JSON.parse(run(node, [cliFile(project), 'doctor', '--json'], { cwd: project, env }));
  const problems = checks.filter(({ status }) => status === 'problem');
  if (problems.length > 0) throw new Error(`doctor under ${version}: ${JSON.stringify(problems)}`);
  for (const [file, program] of Object.entries(programs)) {
    writeFileSync(join(project, file), program);
    run(node, [file], { cwd: project, env });
  }
  const { text } = await chat(node, project, env);
  const where = `${basename(dirname(project))}/${basename(project)}`;
  console.log(
    `Node ${version} in ${where}: doctor, CommonJS, module, workers, server ${JSON.stringify(text.slice(0, 32))}`,
  );
}
