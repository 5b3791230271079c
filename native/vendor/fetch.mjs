// Fetches the parts named in manifest.json into native/vendor/<name>/. Does nothing for a part that is already there
// at the pinned version. Uses `npm pack`, so that the user's registry, proxy and cache settings hold.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const vendorDirectory = dirname(fileURLToPath(import.meta.url));
const stampName = '.inferno-vendor-stamp';

/** A sentence a newcomer can act on, without a stack trace. */
class VendorError extends Error {}

function runTool(command, args, options, missing) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
  } catch (error) {
    if (error.code === 'ENOENT') throw new VendorError(missing);
    throw new VendorError(`\`${command} ${args.join(' ')}\` failed:\n${String(error.stderr ?? error.message).trim()}`);
  }
}

/** npm is a script on Windows; npm_execpath is set inside every npm lifecycle and avoids a shell. */
function npmPack(specifier, directory) {
  const args = ['pack', specifier, '--pack-destination', directory, '--silent'];
  const npmCli = process.env.npm_execpath;
  const [command, prefix] = npmCli?.endsWith('.js') ? [process.execPath, [npmCli]] : ['npm', []];
  const output = runTool(
    command,
    [...prefix, ...args],
    { shell: command === 'npm' && process.platform === 'win32' },
    'npm was not found. Install Node.js with npm.',
  );
  return join(directory, output.trim().split('\n').at(-1));
}

function checkIntegrity(file, integrity) {
  const actual = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (actual !== integrity) {
    throw new VendorError(
      `The downloaded package does not match native/vendor/manifest.json: expected ${integrity}, got ${actual}.`,
    );
  }
}

/** What is taken of a package may lie in a folder for each platform. */
function pathOf(part) {
  return part.take.path.replace('{platform}', process.platform).replace('{arch}', process.arch);
}

function unpackTarball(part, tarball, workDirectory) {
  runTool(
    'tar',
    ['-xzf', tarball, '-C', workDirectory, pathOf(part)],
    {},
    'tar was not found. On Debian: apt install tar.',
  );
}

function unpackFolder(part, tarball, workDirectory, target) {
  unpackTarball(part, tarball, workDirectory);
  cpSync(join(workDirectory, pathOf(part)), target, { recursive: true });
}

function unpackGitBundle(part, tarball, workDirectory, target) {
  unpackTarball(part, tarball, workDirectory);
  runTool(
    'git',
    ['clone', '--quiet', '--no-checkout', join(workDirectory, pathOf(part)), target],
    {},
    'git was not found. It is needed to unpack llama.cpp. On Debian: apt install git.',
  );
  runTool('git', ['-C', target, 'checkout', '--quiet', part.commit], {}, 'git was not found.');
}

function fetchPart(part) {
  if (part.platforms && !part.platforms.includes(`${process.platform}-${process.arch}`)) return;
  const target = join(vendorDirectory, part.name);
  const stamp = `${part.package}@${part.version} ${part.integrity}\n`;
  const stampFile = join(target, stampName);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.error(`vendor: fetching ${part.name} from ${part.package}@${part.version}`);
  // Beside the target, so that the final rename stays on one file system and is atomic.
  const unpacked = `${target}.partial-${process.pid}`;
  const workDirectory = mkdtempSync(join(tmpdir(), 'inferno-vendor-'));
  try {
    const tarball = npmPack(`${part.package}@${part.version}`, workDirectory);
    checkIntegrity(tarball, part.integrity);
    const unpack = part.take.kind === 'git-bundle' ? unpackGitBundle : unpackFolder;
    unpack(part, tarball, workDirectory, unpacked);
    writeFileSync(join(unpacked, stampName), stamp);
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
    rmSync(unpacked, { recursive: true, force: true });
  }
}

try {
  const manifest = JSON.parse(readFileSync(join(vendorDirectory, 'manifest.json'), 'utf8'));
  for (const part of manifest.parts) fetchPart(part);
} catch (error) {
  if (!(error instanceof VendorError)) throw error;
  console.error(`vendor: ${error.message}`);
  process.exitCode = 1;
}
