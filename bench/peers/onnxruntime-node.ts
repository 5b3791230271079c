/**
 * onnxruntime-node, Microsoft's package for Node.js, with the same release of the library as ours. Installed on first use
 * without scripts: its own would fetch the libraries for graphics cards, the one for the processor is in the package.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const onnxruntimeNodeVersion = '1.30.0';

const folder = fileURLToPath(new URL('../../.cache/peers-onnx', import.meta.url));

/** What the benchmarks and comparisons use of it. */
export interface PeerTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: NodeJS.TypedArray | readonly string[];
}

export interface PeerSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, PeerTensor>>): Promise<Record<string, PeerTensor>>;
  release(): Promise<void>;
}

export interface OnnxruntimeNode {
  readonly InferenceSession: {
    create(
      model: string | Uint8Array,
      options?: { readonly logSeverityLevel?: number; readonly intraOpNumThreads?: number },
    ): Promise<PeerSession>;
  };
  readonly Tensor: new (
    type: string,
    data: NodeJS.TypedArray | readonly string[],
    dims: readonly number[],
  ) => PeerTensor;
}

function installedVersion(): string | undefined {
  const path = join(folder, 'node_modules/onnxruntime-node/package.json');
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}

function install(): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const name = `onnxruntime-node@${onnxruntimeNodeVersion}`;
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', name];
  const { status } = spawnSync(npm, args, { cwd: folder, stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`${name} could not be installed.`);
}

export function onnxruntimeNode(): OnnxruntimeNode {
  if (installedVersion() !== onnxruntimeNodeVersion) install();
  return createRequire(join(folder, 'package.json'))('onnxruntime-node') as OnnxruntimeNode;
}
