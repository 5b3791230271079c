import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromNative, InfernoError } from './errors.js';
import type { NativeAddon } from './native-addon-types.js';

/** Where the addon that was loaded comes from. */
export interface AddonOrigin {
  /** 'prebuilt' came with the package or with that of its engine, 'built' was compiled on this machine and goes first. */
  readonly kind: 'prebuilt' | 'built';
  readonly file: string;
  /** Why it was built here, where the build was told. */
  readonly reason?: string;
  /** Files that would have been taken before it and did not load. */
  readonly passedOver: readonly { readonly file: string; readonly reason: string }[];
}

/** The loaded addon and the folder that it and everything it loads lie in. */
export interface LoadedAddon {
  readonly addon: NativeAddon;
  readonly origin: AddonOrigin;
  /** Folders of GPU backends that are packages of their own, or that INFERNO_BACKENDS names. */
  readonly backendDirectories: readonly string[];
  /** Holds the addon, llama.cpp's libraries and the probe. */
  readonly libraryDirectory: string;
  /** The program that loads unknown model files in a process of its own. */
  readonly probeExecutable: string;
}

/** Candidates as node-gyp-build parses them; opaque here. */
interface Tags {
  readonly file: string;
}
interface Tuple {
  readonly name: string;
}

/** What is used of node-gyp-build: its rules for which of several prebuilt files fits this process. */
interface NodeGypBuild {
  parseTuple(name: string): Tuple | undefined;
  matchTuple(platform: string, arch: string): (tuple: Tuple | undefined) => boolean;
  compareTuples(a: Tuple, b: Tuple): number;
  parseTags(file: string): Tags | undefined;
  matchTags(runtime: string, abi: string): (tags: Tags | undefined) => boolean;
  compareTags(runtime: string): (a: Tags, b: Tags) => number;
}

const packageName = 'inferno-ai';
const require = createRequire(import.meta.url);

function isPackageRoot(directory: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: unknown };
    return name === packageName;
  } catch {
    return false;
  }
}

/** Up from this file, which lies in lib/ or, bundled, somewhere in dist/. */
function findPackageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let directory = start; ; directory = dirname(directory)) {
    if (isPackageRoot(directory)) return directory;
    if (dirname(directory) !== directory) continue;
    throw new InfernoError('backend_missing', `There is no package ${packageName} around ${start}.`, {
      remedy: `Leave ${packageName} out of bundles: it loads native files from its own folder.`,
    });
  }
}

let root: string | undefined;

/** The folder of this package's package.json. */
export function packageRoot(): string {
  root ??= findPackageRoot();
  return root;
}

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** The package with the prebuilt engine for this machine, where it is not part of this one. */
export function enginePackage(): string {
  return `${packageName}-${process.platform}-${process.arch}`;
}

/** The folder of a package, if it is installed. */
function installedPackage(name: string): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** The file in a package's prebuilds/ that fits this process best, by node-gyp-build's naming rules. */
function prebuiltFileIn(packageFolder: string): string | undefined {
  const rules = require('node-gyp-build') as NodeGypBuild;
  const prebuilds = join(packageFolder, 'prebuilds');
  const fits = rules.matchTuple(process.platform, process.arch);
  const [tuple] = entries(prebuilds)
    .map((name) => rules.parseTuple(name))
    .filter((candidate): candidate is Tuple => fits(candidate))
    .sort((a, b) => rules.compareTuples(a, b));
  if (tuple === undefined) return undefined;
  const runtime = process.versions['electron'] === undefined ? 'node' : 'electron';
  const matches = rules.matchTags(runtime, process.versions.modules);
  const [tags] = entries(join(prebuilds, tuple.name))
    .map((file) => rules.parseTags(file))
    .filter((candidate): candidate is Tags => matches(candidate))
    .sort(rules.compareTags(runtime));
  return tags && join(prebuilds, tuple.name, tags.file);
}

interface Candidate {
  readonly kind: AddonOrigin['kind'];
  readonly file: string;
}

/** What a build on this machine made, since somebody asked for that; then prebuilt ones, of this package and of its own. */
function candidates(): Candidate[] {
  const prebuilt = [packageRoot(), installedPackage(enginePackage())].flatMap((folder) => {
    const file = folder && prebuiltFileIn(folder);
    return file === undefined ? [] : [file];
  });
  const built = ['Release', 'Debug'].map((kind) => join(packageRoot(), 'build', kind, 'inferno.node'));
  return [
    ...built.filter((file) => existsSync(file)).map((file): Candidate => ({ kind: 'built', file })),
    ...prebuilt.map((file): Candidate => ({ kind: 'prebuilt', file })),
  ];
}

/** What scripts/build-native.mjs wrote beside the addon. */
function buildReason(directory: string): string | undefined {
  try {
    const { reason } = JSON.parse(readFileSync(join(directory, 'inferno-build.json'), 'utf8')) as { reason?: unknown };
    return typeof reason === 'string' ? reason : undefined;
  } catch {
    return undefined;
  }
}

/** Backends that come as packages of their own, so that nobody downloads what he cannot use. */
export const backendPackages = ['cuda', 'vulkan', 'hip'] as const;

/** The package with a backend for this machine. */
export function backendPackage(backend: (typeof backendPackages)[number]): string {
  return `${enginePackage()}-${backend}`;
}

/** The folders of those that are installed or named; llama.cpp loads every backend that it finds there. */
function findBackendDirectories(): string[] {
  const named = (process.env['INFERNO_BACKENDS'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const installed = backendPackages.flatMap((backend) => {
    const folder = installedPackage(backendPackage(backend));
    return folder === undefined ? [] : [join(folder, 'lib')];
  });
  return [...named, ...installed];
}

/** Asks the system's loader, which says what the library lacks. A library that loads is refused afterwards: it is no addon. */
export function loaderFault(file: string): string {
  try {
    process.dlopen({ exports: {} }, file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!/self-register|did not register/u.test(message)) return message;
  }
  return 'it loads, but finds no driver that it can use';
}

const buildTools: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'on Debian or Ubuntu: sudo apt install g++ cmake make git',
  darwin: 'on macOS: xcode-select --install && brew install cmake',
  win32: 'on Windows: "Desktop development with C++" of Visual Studio Build Tools, CMake and Git',
};

function buildRemedy(): string {
  const tools = buildTools[process.platform] ?? 'a C++20 compiler, cmake 3.20 or newer, make and git';
  return `Run \`npm run build:native\` in ${packageRoot()}. It needs a compiler (${tools}).`;
}

function open({ kind, file }: Candidate, passedOver: AddonOrigin['passedOver']): LoadedAddon {
  const libraryDirectory = dirname(file);
  const addon = require(file) as NativeAddon;
  const backendDirectories = findBackendDirectories();
  addon.initialize(libraryDirectory, backendDirectories);
  const probe = process.platform === 'win32' ? 'inferno-probe.exe' : 'inferno-probe';
  const reason = buildReason(libraryDirectory);
  const origin = { kind, file, passedOver, ...(reason === undefined ? {} : { reason }) };
  return { addon, origin, backendDirectories, libraryDirectory, probeExecutable: join(libraryDirectory, probe) };
}

function load(): LoadedAddon {
  const faults: unknown[] = [];
  const passedOver: { readonly file: string; readonly reason: string }[] = [];
  for (const candidate of candidates()) {
    try {
      return open(candidate, passedOver);
    } catch (error) {
      const fault = fromNative(error);
      faults.push(fault);
      passedOver.push({ file: candidate.file, reason: fault instanceof Error ? fault.message : String(fault) });
    }
  }
  if (faults.length === 0) {
    const machine = `${process.platform}-${process.arch}`;
    const message = `The native engine is not there: no prebuilt one for ${machine}, and none was built here.`;
    throw new InfernoError('backend_missing', message, { remedy: buildRemedy() });
  }
  const reasons = passedOver.map(({ file, reason }) => `${file}: ${reason}`);
  throw new InfernoError('backend_missing', `The native engine does not load. ${reasons.join('; ')}`, {
    cause: faults.length === 1 ? faults[0] : new AggregateError(faults),
    remedy: buildRemedy(),
  });
}

let loaded: LoadedAddon | undefined;

/**
 * The addon, loaded at the first call. Every worker thread and each of the two bundles loads for itself; Node gives them
 * one library per process, and its initialization happens once.
 *
 * @throws InfernoError `backend_missing` with the command that builds it.
 */
export function nativeAddon(): LoadedAddon {
  loaded ??= load();
  return loaded;
}
