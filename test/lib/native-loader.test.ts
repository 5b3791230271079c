import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { enginePackage, nativeAddon, packageRoot } from '../../lib/native.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Report {
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
  readonly libraryDirectory?: string;
}

describe('the addon', () => {
  /** A package of this name with the loader and nothing else. */
  let copy = '';
  before(() => {
    copy = realpathSync(mkdtempSync(join(tmpdir(), 'inferno-loader-')));
    cpSync(join(root, 'lib'), join(copy, 'lib'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
    writeFileSync(join(copy, 'package.json'), JSON.stringify({ name: 'inferno-ai', type: 'module' }));
    writeFileSync(
      join(copy, 'report.ts'),
      `import { nativeAddon } from './lib/native.js';
      try {
        console.log(JSON.stringify({ libraryDirectory: nativeAddon().libraryDirectory }));
      } catch (error) {
        const { code, message, remedy } = error as { code: string; message: string; remedy: string };
        console.log(JSON.stringify({ code, message, remedy }));
      }`,
    );
  });
  after(() => {
    rmSync(copy, { recursive: true });
  });

  function loadInCopy(): Report {
    const run = spawnSync(process.execPath, ['--import', 'tsx', 'report.ts'], { cwd: copy, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    return JSON.parse(run.stdout) as Report;
  }

  /** What a build or a prebuilt package puts into a folder. */
  function place(folder: string): void {
    rmSync(join(copy, folder), { recursive: true, force: true });
    mkdirSync(dirname(join(copy, folder)), { recursive: true });
    symlinkSync(nativeAddon().libraryDirectory, join(copy, folder), 'dir');
  }

  it('lies with its libraries in this package', () => {
    const { libraryDirectory, probeExecutable } = nativeAddon();
    assert.equal(join(packageRoot(), '.'), join(root, '.'));
    assert.equal(dirname(probeExecutable), libraryDirectory);
    assert.ok(libraryDirectory.startsWith(packageRoot()));
  });

  it('that is missing says what to run and what to install', () => {
    const { code, message, remedy } = loadInCopy();
    assert.equal(code, 'backend_missing');
    assert.ok(message?.includes(`${process.platform}-${process.arch}`));
    assert.match(remedy ?? '', /npm run build:native/u);
    if (process.platform === 'linux') assert.match(remedy ?? '', /apt install g\+\+ cmake/u);
  });

  it('that does not load says which file and why', () => {
    mkdirSync(join(copy, 'build/Release'), { recursive: true });
    writeFileSync(join(copy, 'build/Release/inferno.node'), 'no library');
    const { code, message } = loadInCopy();
    assert.equal(code, 'backend_missing');
    assert.ok(message?.includes(join(copy, 'build/Release/inferno.node')));
  });

  it('comes from a build on this machine', () => {
    place('build/Release');
    assert.equal(loadInCopy().libraryDirectory, join(copy, 'build/Release'));
  });

  it('comes from a build before prebuilds, and from prebuilds when there is no build that loads', () => {
    const prebuilds = join('prebuilds', `${process.platform}-${process.arch}`);
    place(prebuilds);
    assert.equal(loadInCopy().libraryDirectory, join(copy, 'build/Release'));
    rmSync(join(copy, 'build/Release'));
    mkdirSync(join(copy, 'build/Release'));
    writeFileSync(join(copy, 'build/Release/inferno.node'), 'made for another machine');
    assert.equal(loadInCopy().libraryDirectory, join(copy, prebuilds));
    rmSync(join(copy, 'build/Release'), { recursive: true });
    assert.equal(loadInCopy().libraryDirectory, join(copy, prebuilds));
    rmSync(join(copy, 'prebuilds'), { recursive: true });
  });

  it('comes from the package of its engine when this one has none', () => {
    const engine = join('lib/node_modules', enginePackage());
    const prebuilds = join(engine, 'prebuilds', `${process.platform}-${process.arch}`);
    place(prebuilds);
    writeFileSync(join(copy, engine, 'package.json'), JSON.stringify({ name: enginePackage() }));
    assert.equal(loadInCopy().libraryDirectory, join(copy, prebuilds));
    place(join('prebuilds', `${process.platform}-${process.arch}`));
    assert.equal(loadInCopy().libraryDirectory, join(copy, 'prebuilds', `${process.platform}-${process.arch}`));
  });
});
