// The release's layout: the package without an engine, and the engine of this machine beside it (scripts/engine-packages.mjs).
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { chat } from './chat.mjs';
import { pack, writeProject } from './project.mjs';
import { root, run } from './shell.mjs';

/** `bin` is a folder with node and npm. */
export async function checkSplit(folder, bin, env) {
  run(process.execPath, [join(root, 'scripts/engine-packages.mjs')]);
  const engine = pack(folder, join(root, 'engines', `inferno-ai-${process.platform}-${process.arch}`));
  const parts = join(folder, 'split');
  mkdirSync(parts);
  const prebuilds = join(root, 'prebuilds');
  const aside = join(root, 'build-prebuild/aside');
  renameSync(prebuilds, aside);
  let tarball;
  try {
    tarball = pack(parts);
  } finally {
    renameSync(aside, prebuilds);
  }
  const project = join(parts, 'project');
  writeProject(project, tarball, engine);
  const beginMs = performance.now();
  run(join(bin, 'npm'), ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: project, env });
  const { text, firstToken } = await chat(join(bin, 'node'), project, env, beginMs);
  console.log(`in two packages: first token ${firstToken} s after \`npm install\` began\n  ${JSON.stringify(text)}`);
}
