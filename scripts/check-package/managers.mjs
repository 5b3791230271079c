// The tarball installed by pnpm and by yarn instead of npm. Both are fetched, and resolve the dependencies by themselves, so
// this needs the registry.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { smoke } from './smoke.mjs';
import { run, seconds } from './shell.mjs';

const managers = {
  pnpm: { spec: 'pnpm@10.20.0', bin: 'pnpm/bin/pnpm.cjs', install: ['install', '--ignore-scripts'] },
  yarn: { spec: 'yarn@1.22.22', bin: 'yarn/bin/yarn.js', install: ['install', '--ignore-scripts', '--no-progress'] },
};

export async function checkManagers(folder, tarball) {
  const tools = join(folder, 'managers');
  mkdirSync(tools);
  writeFileSync(join(tools, 'package.json'), JSON.stringify({ private: true }));
  const specs = Object.values(managers).map(({ spec }) => spec);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...specs], { cwd: tools });
  for (const [name, { bin, install }] of Object.entries(managers)) {
    const project = join(folder, name);
    mkdirSync(project);
    const dependencies = { 'inferno-ai': `file:${tarball}` };
    writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
    const beginMs = performance.now();
    run(process.execPath, [join(tools, 'node_modules', bin), ...install], { cwd: project });
    console.log(`${name}: installed after ${seconds(beginMs)} s`);
    await smoke(process.execPath, project, process.env);
  }
}
