import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { benchResultSchema, type BenchResult } from '../../lib/bench/bench-result.js';
import { startServer } from '../support/with-server.js';
import { runCli, startCli, type CliResult } from './cli-process.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inferno-bench-cli-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

const shape = ['--tokens', '4', '--prompt-tokens', '12', '--requests', '3', '--concurrency', '2'];

function resultIn(path: string): BenchResult {
  return benchResultSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

function metricsOf({ measurements }: BenchResult, scenario: string): string[] {
  return measurements.filter((line) => line.scenario === scenario).map(({ metric }) => metric);
}

/** As if everything had been `factor` times as fast. */
function speedUp(result: BenchResult, factor: number): BenchResult {
  const measurements = result.measurements.map((line) => ({
    ...line,
    values: line.values.map(() => (line.better === 'higher' ? 1000 * factor : 1000 / factor)),
  }));
  return { ...result, measurements };
}

function assertFails({ code, stdout, stderr }: CliResult, exitCode: number, words: RegExp): void {
  assert.deepEqual([code, stdout], [exitCode, '']);
  assert.match(stderr, words);
}

describe('inferno bench', () => {
  it('measures the model of this process, and writes a result and a page', async () => {
    const [out, html] = [join(folder, 'own.json'), join(folder, 'own.html')];
    const scenarios = ['--scenario', 'single,concurrent,prefill,shared-prefix,open', '--rate', '20'];
    const { code, stdout, stderr } = await runCli([
      'bench',
      ...shape,
      ...scenarios,
      '--runs',
      '2',
      '--out',
      out,
      '--html',
      html,
    ]);
    assert.equal(code, 0, stderr);
    const result = resultIn(out);
    assert.deepEqual(
      result.scenarios.map(({ name }) => name),
      ['loading', 'single', 'concurrent 2', 'prefill', 'shared-prefix 2', 'open 20/s'],
    );
    assert.ok(metricsOf(result, 'single').includes('decode_tokens_per_second'));
    assert.ok(metricsOf(result, 'prefill').includes('prefill_tokens_per_second'));
    assert.ok(metricsOf(result, 'open 20/s').includes('goodput'));
    assert.deepEqual(result.failures, []);
    for (const { values, metric } of result.measurements) assert.equal(values.length, 2, metric);
    const errors = result.measurements.filter(({ metric }) => metric === 'error_share');
    assert.deepEqual(
      errors.flatMap(({ values }) => values),
      Array.from({ length: 10 }, () => 0),
    );
    assert.equal(result.models[0]?.label, 'ember');
    assert.match(stdout, /^Scenario +Measure +Value/u);
    assert.match(stdout, /^single +Decode speed +[\d,.]+ tokens\/s/mu);
    assert.match(stderr, /^open 20\/s, run 2 of 2 \(/mu);
    assert.match(readFileSync(html, 'utf8'), /^<!doctype html>/u);
  });

  it('measures a running server, whose key stays out of the result', async () => {
    await using server = await startServer({ apiKeys: ['secret-key'] });
    const out = join(folder, 'server.json');
    const args = [
      'bench',
      '--url',
      server.url,
      '--api-key',
      'secret-key',
      '--scenario',
      'single,soak',
      '--duration',
      '1',
    ];
    const { code, stderr } = await runCli([...args, '--tokens', '4', '--runs', '1', '--out', out]);
    assert.equal(code, 0, stderr);
    const text = readFileSync(out, 'utf8');
    assert.ok(!text.includes('secret-key'));
    const result = resultIn(out);
    assert.equal(result.models[0]?.label, server.modelId);
    const memory = result.measurements.find(({ scenario, metric }) => scenario === 'soak 4' && metric === 'rss');
    assert.ok((memory?.series?.points.length ?? 0) >= 2);
    assertFails(await runCli(['bench', '--url', server.url, '--runs', '1']), 1, /^error: The server answered 401 /mu);
    await server.settled();
  });

  it('compares with an earlier result and fails on a regression when asked to', async () => {
    const [fast, slow] = [join(folder, 'fast.json'), join(folder, 'slow.json')];
    const made = await runCli(['bench', ...shape, '--scenario', 'single', '--runs', '3', '--json']);
    const result = benchResultSchema.parse(JSON.parse(made.stdout));
    writeFileSync(fast, JSON.stringify(speedUp(result, 1)));
    writeFileSync(slow, JSON.stringify(speedUp(result, 0.8)));
    const better = await runCli(['bench', 'report', fast, '--baseline', slow, '--fail-on-regression']);
    assert.equal(better.code, 0, better.stderr);
    assert.match(better.stdout, /^0 regression, [1-9]\d* improvement/mu);
    const worse = await runCli(['bench', 'report', slow, '--baseline', fast, '--fail-on-regression']);
    assert.equal(worse.code, 1);
    assert.match(worse.stdout, /^single +Throughput +−20\.0 % .* regression$/mu);
    assert.match(worse.stderr, /^error: \d+ of \d+ measurements became worse\.$/mu);
    const tolerant = await runCli([
      'bench',
      'report',
      slow,
      '--baseline',
      fast,
      '--fail-on-regression',
      '--effect',
      '50',
    ]);
    assert.equal(tolerant.code, 0, tolerant.stderr);
  });

  it('reports the runs that were complete after Ctrl-C', async () => {
    const out = join(folder, 'stopped.json');
    await using cli = startCli(['bench', ...shape, '--scenario', 'single', '--runs', '99', '--out', out]);
    while (!cli.stderr.includes('run 3 of 99')) await new Promise((resolve) => cli.child.stderr.once('data', resolve));
    cli.child.kill('SIGINT');
    const { code } = await cli.end();
    assert.equal(code, 130);
    const result = resultIn(out);
    const runs = result.measurements.find(({ metric }) => metric === 'decode_tokens_per_second')?.values.length ?? 0;
    assert.ok(runs >= 2 && runs < 99, String(runs));
    assert.ok(result.notes.includes('The benchmark was stopped before its end.'));
  });

  const wrong: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['an unknown scenario', ['--scenario', 'opn'], 2, /There is no scenario "opn"\. Known: single, /u],
    [
      'an open loop without a rate',
      ['--scenario', 'open'],
      2,
      /The scenario open needs a rate\.\nGive one, such as --rate 10/u,
    ],
    ['two lengths', ['--requests', '3', '--duration', '3'], 2, /--duration and --requests exclude each other/u],
    ['what is no URL', ['--url', 'localhost:8080'], 2, /Expected a URL for --url but received "localhost:8080"/u],
    ['a server that is not there', ['--url', 'http://127.0.0.1:1'], 1, /No server answers at http:\/\/127\.0\.0\.1:1/u],
    ['a baseline that is not there', ['--baseline', 'none.json'], 1, /none\.json cannot be read: ENOENT/u],
    [
      'a baseline of another kind',
      ['--baseline', 'package.json'],
      1,
      /package\.json is no benchmark result: format: /u,
    ],
    ['a folder that is not there', ['--out', 'none/out.json'], 1, /none\/out\.json cannot be written: ENOENT/u],
    ['a regression against nothing', ['--fail-on-regression'], 2, /--fail-on-regression needs a baseline/u],
  ];
  for (const [name, args, exitCode, words] of wrong) {
    it(`refuses ${name} before it measures`, async () => {
      assertFails(await runCli(['bench', ...args]), exitCode, words);
      assert.ok(!existsSync('none'));
    });
  }
});
