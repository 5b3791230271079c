// The same question to node-llama-cpp, which gets the network, a full PATH and its install scripts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { question } from './chat.mjs';
import { root, run, seconds } from './shell.mjs';

export function checkPeer(folder) {
  const project = join(folder, 'peer');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const program = `
    import { getLlama, LlamaChatSession } from 'node-llama-cpp';
    const llama = await getLlama();
    const model = await llama.loadModel({ modelPath: ${JSON.stringify(join(root, 'models/ember.gguf'))} });
    const context = await model.createContext();
    const session = new LlamaChatSession({ contextSequence: context.getSequence() });
    const first = () => process.exit(0);
    await session.prompt(${JSON.stringify(question)}, { maxTokens: 32, onTextChunk: first });
  `;
  writeFileSync(join(project, 'ask.mjs'), program);
  const beginMs = performance.now();
  run('npm', ['install', '--no-audit', '--no-fund', 'node-llama-cpp@3.22.1'], { cwd: project });
  console.log(`node-llama-cpp: installed after ${seconds(beginMs)} s`);
  run(process.execPath, ['ask.mjs'], { cwd: project });
  console.log(`node-llama-cpp: first token ${seconds(beginMs)} s after \`npm install\` began`);
}
