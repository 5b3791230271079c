/** Runs a measurement of ONNX graphs in a fresh process. */
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from '../processes.js';
import type { OnnxWork } from './host.js';

const host = fileURLToPath(new URL('host.ts', import.meta.url));

export async function measureOnnx(children: ChildProcesses, work: OnnxWork, core?: number): Promise<unknown> {
  const args = ['--expose-gc', '--import', 'tsx', host, JSON.stringify(work)];
  const output = await children.run({ file: process.execPath, args, core });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
