import { defineConfig } from 'tsup';

const shared = {
  target: 'node20' as const,
  platform: 'node' as const,
  sourcemap: true,
  // Code that both a static and a dynamic import lead to becomes a chunk, so that what is lazy in lib/ stays lazy.
  splitting: true,
  // Native parts, and what loads them, find their files from their own place.
  external: ['uWebSockets.js', 'node-gyp-build', 'zod', 'commander'],
};

export default defineConfig([
  {
    ...shared,
    entry: { index: 'lib/index.ts' },
    format: ['esm', 'cjs'],
    outDir: 'dist',
    dts: true,
    // `import.meta.url` in the CommonJS bundle.
    shims: true,
    // The command line tool below is built at the same time.
    clean: ['!cli/**'],
  },
  { ...shared, entry: { main: 'lib/cli/main.ts' }, format: ['esm'], outDir: 'dist/cli', clean: true },
]);
