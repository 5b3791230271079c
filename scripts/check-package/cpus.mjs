// Older CPUs, emulated by qemu-x86_64 (Debian: qemu-user): they get other variants and give the same greedy text.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { question } from './chat.mjs';
import { run } from './shell.mjs';

/** The oldest CPU of each variant that qemu knows, and the variant. */
const cpus = { Nehalem: 'sse42', SandyBridge: 'sandybridge', IvyBridge: 'ivybridge', Haswell: 'haswell' };

const program = `
  const { loadModel, systemInfo } = require('inferno-ai');
  void (async () => {
    // Greedy and on one thread; the throwaway process of the probe would run outside of the emulation.
    const model = await loadModel('ember', { probe: false, threads: 1 });
    const messages = [{ role: 'user', content: ${JSON.stringify(question)} }];
    const { text } = await model.chat(messages, { maxTokens: 24, temperature: 0 });
    console.log(JSON.stringify({ text, variant: systemInfo().cpuVariant }));
    await model.unload();
  })();
`;

export function checkCpuVariants(project) {
  writeFileSync(join(project, 'greedy.cjs'), program);
  const native = JSON.parse(run(process.execPath, ['greedy.cjs'], { cwd: project }));
  console.log(`this CPU: ${native.variant}, ${JSON.stringify(native.text)}`);
  for (const [cpu, variant] of Object.entries(cpus)) {
    // V8's own compiler assumes more than the emulation of old CPUs has.
    const args = ['-cpu', cpu, process.execPath, '--jitless', '--no-expose-wasm', 'greedy.cjs'];
    const got = JSON.parse(run('qemu-x86_64', args, { cwd: project }));
    if (got.variant !== variant) throw new Error(`${cpu} got ${got.variant} instead of ${variant}.`);
    if (got.text !== native.text) throw new Error(`${cpu} said ${JSON.stringify(got.text)}.`);
    console.log(`${cpu}: ${variant}, the same text`);
  }
}
