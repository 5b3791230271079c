/** Inferno itself: `inferno serve` as a user runs it, from dist/. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { untilReady } from '../processes.js';
import type { ServerKind } from '../server-kind.js';

const mainFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** With more flags, under a name of its own: a side of a comparison with itself. */
export function infernoWith(name: string, flags: readonly string[]): ServerKind {
  return {
    name,
    async start(children, { modelPath, parallel, contextSize, threads, core }) {
      if (!existsSync(mainFile)) throw new Error('dist/ is not built. Run `npm run build:ts` first.');
      // The flag is for all sequences together where their number is given.
      const context = contextSize * (parallel === 'default' ? 1 : parallel);
      const args = [mainFile, 'serve', '--model', modelPath, '--port', '0', '--ctx-size', String(context)];
      if (parallel !== 'default') args.push('--parallel', String(parallel));
      if (threads !== 'default') args.push('--threads', String(threads));
      const child = children.start({ file: process.execPath, args: [...args, ...flags], core });
      await untilReady(child, 'it loaded its model', () => child.stdout.includes('Ready: '));
      const port = Number(/listens on http:\/\/\S+:(\d+)/u.exec(child.stdout)?.[1]);
      return { port, pid: child.pid, stop: () => child.stop() };
    },
  };
}

export const inferno = infernoWith('inferno', []);
