// npm run check:package: packs the package and uses it as a user does: in an empty folder, offline, without install scripts,
// with a PATH that holds node and npm and nothing else. Completes a chat over HTTP and says how long all of it took, then runs
// doctor, CommonJS, modules, worker threads and the server.
//   npm run check:package -- [--nodes FILE,FILE…] [--split] [--cpus] [--managers] [--peer]
//   --nodes: other node binaries that run what was installed, besides this one
//   --split: also as it is released, with the engine in a package of its own
//   --cpus: older CPUs too, emulated by qemu-x86_64 (Debian: qemu-user): they get other variants and give the same text
//   --managers: pnpm and yarn too, fetched from the registry
//   --peer: the same question to node-llama-cpp, installed from the registry
// REQUIRES: prebuilds/ for this machine (npm run make:prebuilds) and an npm cache that an `npm install` of this repository filled.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chat } from './chat.mjs';
import { checkCpuVariants } from './cpus.mjs';
import { checkManagers } from './managers.mjs';
import { checkPeer } from './peer.mjs';
import { barePath, pack, writeProject } from './project.mjs';
import { root, run, seconds } from './shell.mjs';
import { smoke } from './smoke.mjs';
import { checkSplit } from './split.mjs';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '' },
    split: { type: 'boolean', default: false },
    cpus: { type: 'boolean', default: false },
    managers: { type: 'boolean', default: false },
    peer: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'inferno-package-'));
try {
  if (!existsSync(join(root, 'prebuilds', `${process.platform}-${process.arch}`))) {
    throw new Error('There is no prebuilt addon for this machine; run `npm run make:prebuilds` first.');
  }
  const tarball = pack(folder);
  const project = join(folder, 'project');
  writeProject(project, tarball);
  const env = { PATH: barePath(folder), HOME: process.env.HOME ?? folder };
  const beginMs = performance.now();
  const npm = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  run(join(folder, 'bin/npm'), npm, { cwd: project, env });
  console.log(`installed after ${seconds(beginMs)} s`);
  const { text, firstToken } = await chat(join(folder, 'bin/node'), project, env, beginMs);
  console.log(`inferno-ai: first token ${firstToken} s after \`npm install\` began\n  ${JSON.stringify(text)}`);
  const nodes = values.nodes.split(',').filter((file) => file !== '');
  for (const node of [process.execPath, ...nodes]) await smoke(node, project, env);
  if (values.split) await checkSplit(folder, env.PATH, env);
  if (values.cpus) checkCpuVariants(project);
  if (values.managers) await checkManagers(folder, tarball);
  if (values.peer) checkPeer(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
