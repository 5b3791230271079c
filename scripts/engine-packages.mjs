// npm run make:engines: makes engines/inferno-ai-<os>-<arch>/, a package for each folder in prebuilds/, and names them in
// engines/optional-dependencies.json, as the release does: npm then downloads the one for the user's machine alone, where
// one package with all platforms would be several times as large.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { name: parent, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const engines = join(root, 'engines');

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function makePackage(machine) {
  const [os, cpu] = machine.split('-');
  const name = `${parent}-${machine}`;
  const folder = join(engines, name);
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'prebuilds', machine), join(folder, 'prebuilds', machine), { recursive: true });
  for (const file of ['LICENSE', 'THIRD_PARTY_NOTICES.md']) cpSync(join(root, file), join(folder, file));
  writeFileSync(join(folder, 'README.md'), `# ${name}\n\nThe prebuilt engine of ${parent} for ${machine}.\n`);
  writeJson(join(folder, 'package.json'), {
    name,
    version,
    license,
    description: `Prebuilt engine of ${parent} for ${machine}`,
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: ['glibc'] } : {}),
    files: ['prebuilds', 'THIRD_PARTY_NOTICES.md'],
    // Unpacked in Plug'n'Play too: libraries cannot be loaded from an archive.
    preferUnplugged: true,
  });
  return name;
}

rmSync(engines, { recursive: true, force: true });
const names = readdirSync(join(root, 'prebuilds')).map(makePackage);
writeJson(join(engines, 'optional-dependencies.json'), Object.fromEntries(names.map((name) => [name, version])));
console.error(names.map((name) => `engines/${name}`).join('\n'));
