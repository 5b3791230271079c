/** The page in a real browser. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { benchResultSchema, type BenchResult } from '../../lib/bench/bench-result.js';
import { renderReport } from '../../lib/bench/report/page.js';
import { summarizeSamples } from '../../lib/bench/sample-summary.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { measurementOf, resultOf } from './result-of.js';

const hostile = `<script>document.title = 'taken'</script><img src=x onerror="document.title='taken'">"'&</style>`;

/** Every text of the format holds `name`. */
function resultNamed(name: string, slower = 1): BenchResult {
  const samples = summarizeSamples(Array.from({ length: 500 }, (_, index) => (5 + (index % 97)) * slower));
  const points = Array.from({ length: 50 }, (_, index): [number, number] => [index * 1000, 100 + index]);
  const line = { scenario: name, model: name };
  return resultOf(
    [
      measurementOf(
        [100, 101, 102, 103].map((value) => value / slower),
        { ...line, side: name, series: { points } },
      ),
      measurementOf([50, 51, 52, 53], { ...line, side: `${name} peer` }),
      measurementOf(
        [5, 6, 7].map((value) => value * slower),
        {
          ...{ ...line, side: name, metric: 'time_to_first_token', unit: 'ms', better: 'lower' },
          ...(samples === undefined ? {} : { samples }),
        },
      ),
      measurementOf([1, 2], { ...line, side: name, metric: name, unit: name.slice(0, 50) }),
    ],
    {
      commandLine: name,
      machine: { ...{ cpu: name, cores: 1, memoryBytes: 1, system: name, node: name }, loadAverage: 3 },
      software: { inferno: name, commit: name, llamaCpp: name, backend: name },
      models: [{ label: name, quantization: name, architecture: name }],
      scenarios: [{ name, description: name, parameters: { [name]: name } }],
      failures: [{ scenario: name, model: name, side: name, message: name }],
      notes: [name],
    },
  );
}

describe('the page of a benchmark', () => {
  it(
    'shows its charts without a network, and what looks like markup as text',
    { skip: skipWithoutChromium },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'inferno-report-'));
      const browser = await launchChromium();
      try {
        const file = join(folder, 'report.html');
        const result = benchResultSchema.parse(resultNamed(hostile, 2));
        await writeFile(file, renderReport(result, { baseline: resultNamed(hostile) }));
        const context = await browser.newContext({ offline: true });
        const page = await context.newPage();
        const requests: string[] = [];
        const complaints: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (error) => complaints.push(error.message));
        const url = pathToFileURL(file).href;
        await page.goto(url);
        assert.deepEqual(requests, [url]);
        assert.deepEqual(complaints, []);
        assert.notEqual(await page.title(), 'taken');
        assert.equal(await page.locator('script, img, iframe, link').count(), 0);
        assert.ok((await page.locator('main').innerText()).includes(hostile));
        const charts = page.locator('svg');
        // The change, the sides, the timeline and the distribution.
        assert.ok((await charts.count()) >= 4, `${String(await charts.count())} charts`);
        for (const chart of await charts.all()) {
          const box = await chart.boundingBox();
          assert.ok(box !== null && box.width > 100 && box.height > 50, JSON.stringify(box));
          assert.ok((await chart.locator('path, rect, line, circle').count()) > 0);
        }
      } finally {
        await browser.close();
        await rm(folder, { recursive: true });
      }
    },
  );

  it('lets no text become markup', () => {
    const plain = renderReport(resultNamed('name'), { baseline: resultNamed('name') });
    const tags = (page: string): number => page.split(/<[a-z!/]/iu).length;
    const texts = fc.string({
      unit: fc.constantFrom('<', '>', '&', '"', "'", '=', '/', 'a', 'b', ';', '-', '!', ' '),
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(texts, (text) => {
        // A space at the ends, or nothing else, is shown otherwise than a name.
        const name = `a${text}b`;
        const page = renderReport(resultNamed(name), { baseline: resultNamed(name) });
        assert.equal(tags(page), tags(plain));
      }),
      { numRuns: 50 },
    );
  });
});
