// npm run check:package: packs the package and uses it as a user does: in an empty folder, offline, without install scripts,
// with a PATH that holds node and npm and nothing else. Completes a chat over HTTP and says how long all of it took.
//   node scripts/check-package.mjs [--cpus] [--peer]
//   --cpus: older CPUs too, emulated by qemu-x86_64 (Debian: qemu-user): they get other variants and give the same text
//   --peer: the same question to node-llama-cpp, installed from the registry
// REQUIRES: prebuilds/ for this machine (npm run make:prebuilds) and an npm cache that an `npm install` of this repository filled.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'inferno-package-'));
const mebibyte = 1024 * 1024;
const mostPackedBytes = 90 * mebibyte;
const question = { messages: [{ role: 'user', content: 'What is Inferno?' }], max_tokens: 32, stream: true };

function run(command, args, options) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.status === 0) return result.stdout;
  throw new Error(`\`${command} ${args.join(' ')}\` failed:\n${result.error ?? ''}${result.stdout}${result.stderr}`);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function seconds(beginMs) {
  return ((performance.now() - beginMs) / 1000).toFixed(2);
}

/** A folder that is the whole PATH of what is tested. */
function barePath() {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  const npm = spawnSync('which', ['npm'], { encoding: 'utf8' }).stdout.trim();
  symlinkSync(npm, join(bin, 'npm'));
  return bin;
}

/** The versions that were tested, for a project with the tarball as its only dependency: npm resolves nothing by itself. */
function writeProject(project, tarball) {
  const lock = readJson(join(root, 'package-lock.json'));
  const { version, dependencies, engines, bin } = readJson(join(root, 'package.json'));
  const spec = `file:${tarball}`;
  const runtime = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true);
  const own = { version, resolved: spec, hasInstallScript: true, dependencies, engines, bin };
  const packages = { '': { dependencies: { 'inferno-ai': spec } }, 'node_modules/inferno-ai': own };
  for (const [path, entry] of runtime) packages[path] = entry;
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies: { 'inferno-ai': spec } }));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
}

async function urlOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /https?:\/\/[\w.:[\]]+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('The server ended before it listened.');
}

/** Text of the answer, and when its first token came. */
async function ask(url, beginMs) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
  });
  if (!response.ok) throw new Error(`The chat got ${response.status}: ${await response.text()}`);
  let firstToken;
  let events = '';
  for await (const bytes of response.body) {
    events += Buffer.from(bytes).toString();
    if (/"content":"[^"]/.test(events)) firstToken ??= seconds(beginMs);
  }
  const chunks = [...events.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data));
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  if (text.trim() === '') throw new Error('The chat got an empty answer.');
  return { text: text.trim(), firstToken };
}

/** The oldest CPU of each variant that qemu knows, and the variant. */
const cpus = { Nehalem: 'sse42', SandyBridge: 'sandybridge', IvyBridge: 'ivybridge', Haswell: 'haswell' };

const greedyProgram = `
  const { readFileSync } = require('node:fs');
  const { loadModel } = require('inferno-ai');
  void (async () => {
    // Greedy and on one thread; the throwaway process of the probe would run outside of the emulation.
    const model = await loadModel('ember', { probe: false, threads: 1 });
    const { text } = await model.chat([{ role: 'user', content: 'What is Inferno?' }], { maxTokens: 24, temperature: 0 });
    const variant = /libggml-cpu-(\\w+)\\.so/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[1];
    console.log(JSON.stringify({ text, variant }));
    await model.unload();
  })();
`;

function checkCpuVariants(project) {
  writeFileSync(join(project, 'greedy.cjs'), greedyProgram);
  const native = JSON.parse(run(process.execPath, ['greedy.cjs'], { cwd: project }));
  console.log(`this CPU: ${native.variant}`);
  for (const [cpu, variant] of Object.entries(cpus)) {
    // V8's own compiler assumes more than the emulation of old CPUs has.
    const args = ['-cpu', cpu, process.execPath, '--jitless', '--no-expose-wasm', 'greedy.cjs'];
    const got = JSON.parse(run('qemu-x86_64', args, { cwd: project }));
    if (got.variant !== variant) throw new Error(`${cpu} got ${got.variant} instead of ${variant}.`);
    if (got.text !== native.text) throw new Error(`${cpu} said ${JSON.stringify(got.text)}.`);
    console.log(`${cpu}: ${variant}, the same text`);
  }
}

async function checkInferno() {
  const tarball = join(
    folder,
    run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root }).trim().split('\n').at(-1),
  );
  const packed = statSync(tarball).size;
  console.log(`packed: ${(packed / mebibyte).toFixed(1)} MiB (at most ${mostPackedBytes / mebibyte})`);
  if (packed > mostPackedBytes) throw new Error('The package is too large.');
  const project = join(folder, 'project');
  writeProject(project, tarball);
  const env = { PATH: barePath(), HOME: process.env.HOME ?? folder };
  const beginMs = performance.now();
  const npm = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  run(join(folder, 'bin/npm'), npm, { cwd: project, env });
  console.log(`installed after ${seconds(beginMs)} s`);
  const cli = readJson(join(project, 'node_modules/inferno-ai/package.json')).bin.inferno;
  const args = [join(project, 'node_modules/inferno-ai', cli), 'serve', '--port', '0'];
  const server = spawn(join(folder, 'bin/node'), args, { cwd: project, env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const { text, firstToken } = await ask(await urlOf(server), beginMs);
    console.log(`inferno-ai: first token ${firstToken} s after \`npm install\` began\n  ${JSON.stringify(text)}`);
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  if (process.argv.includes('--cpus')) checkCpuVariants(project);
}

/** The same for node-llama-cpp, which gets the network, a full PATH and its install scripts. */
function checkPeer() {
  const project = join(folder, 'peer');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const program = `
    import { getLlama, LlamaChatSession } from 'node-llama-cpp';
    const llama = await getLlama();
    const model = await llama.loadModel({ modelPath: ${JSON.stringify(join(root, 'models/ember.gguf'))} });
    const context = await model.createContext();
    const session = new LlamaChatSession({ contextSequence: context.getSequence() });
    await session.prompt(${JSON.stringify(question.messages[0].content)}, { maxTokens: 32, onTextChunk() { console.log('first'); process.exit(0); } });
  `;
  writeFileSync(join(project, 'ask.mjs'), program);
  const beginMs = performance.now();
  run('npm', ['install', '--no-audit', '--no-fund', 'node-llama-cpp@3.22.1'], { cwd: project });
  console.log(`node-llama-cpp: installed after ${seconds(beginMs)} s`);
  run(process.execPath, ['ask.mjs'], { cwd: project });
  console.log(`node-llama-cpp: first token ${seconds(beginMs)} s after \`npm install\` began`);
}

try {
  if (!existsSync(join(root, 'prebuilds', `${process.platform}-${process.arch}`))) {
    throw new Error('There is no prebuilt addon for this machine; run `npm run make:prebuilds` first.');
  }
  await checkInferno();
  if (process.argv.includes('--peer')) checkPeer();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
