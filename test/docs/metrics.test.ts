import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { startServer } from '../support/with-server.js';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const documented = [...page.matchAll(/^\| `((?:inferno|process|nodejs)_\w+)` \| (\w+) \| (.*?) \|/gmu)].map(
  ([, name = '', type = '', labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/gu)].map(([, label = '']) => label).sort(),
  }),
);

const gpuMetrics: ReadonlySet<string> = new Set([
  'inferno_device_utilization_ratio',
  'inferno_device_temperature_celsius',
  'inferno_device_power_watts',
]);

describe('docs/metrics.md', () => {
  it('has every exported metric with its type and labels, and no other', async () => {
    await using server = await startServer();
    await (await server.post('/v1/completions', { prompt: 'a', max_tokens: 3, stream: true })).text();
    await server.post('/v1/completions', '{');
    await server.settled();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const exported = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gmu)].map(([, name = '', type = '']) => {
      const sample = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? `, 'mu').exec(text);
      // Without a GPU, what only GPUs have is exported and has no sample to see labels on.
      if (sample === null && gpuMetrics.has(name)) return documented.find((metric) => metric.name === name) ?? { name };
      const labels = sample?.[1] ?? '';
      return { name, type, labels: [...labels.matchAll(/(\w+)="/gu)].map(([, label = '']) => label).sort() };
    });
    const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
    assert.deepEqual(documented.sort(byName), exported.sort(byName));
  });
});
