import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, startServer, type TestServer } from '../support/with-server.js';

const completion = { prompt: 'Once upon a time', max_tokens: 8, temperature: 0, ignore_eos: true };
const deploy = fileURLToPath(new URL('../../deploy', import.meta.url));
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

async function scrape(server: TestServer, accept = 'text/plain'): Promise<string> {
  const response = await fetch(`${server.url}/metrics`, { headers: { accept } });
  assert.equal(response.status, 200);
  return response.text();
}

/** Sum of a metric's samples whose labels hold all of these texts. */
function valueOf(text: string, name: string, ...labels: string[]): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Names of metrics in PromQL; what is no function, keyword or label is one. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/gu, '""')
    .replaceAll(/\{[^}]*\}/gu, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gu, '')
    .replaceAll(/\[[^\]]*\]/gu, '');
  const words = [...bare.matchAll(/(?<![\w.:])[a-zA-Z_:][\w:]*\b(?!\s*\()/gu)].map(([word]) => word);
  return words.filter((word) => !/^(?:and|or|unless|bool|offset|inf|nan)$/iu.test(word));
}

/** Every expression of the dashboards and alerts. */
function expressions(): { readonly file: string; readonly expression: string }[] {
  const found: { file: string; expression: string }[] = [];
  for (const file of readdirSync(join(deploy, 'grafana')).filter((name) => name.endsWith('.json'))) {
    const text = readFileSync(join(deploy, 'grafana', file), 'utf8');
    JSON.parse(text, (key, value: unknown) => {
      if (key === 'expr' && typeof value === 'string') found.push({ file, expression: value });
      return value;
    });
  }
  const rules = readFileSync(join(deploy, 'prometheus', 'alerts.yml'), 'utf8');
  for (const [, expression = ''] of rules.matchAll(/^\s+expr: (.+)$/gmu))
    found.push({ file: 'alerts.yml', expression });
  return found;
}

describe('GET /metrics', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await (await server.post('/v1/completions', completion)).text();
    await (await server.post('/v1/completions', { ...completion, stream: true })).text();
    await server.post('/v1/completions', { prompt: 5 });
    await server.settled();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('counts every request once', async () => {
    const before = await scrape(server);
    const n = 7;
    for (let i = 0; i < n; i++) {
      await (await server.post('/v1/completions', completion)).text();
      await server.post('/v1/completions', '{');
      await fetch(`${server.url}/nowhere/${String(i)}`);
      await fetch(`${server.url}/v1/models`, { method: 'PUT' });
    }
    await server.settled();
    const after = await scrape(server);
    const grown = (name: string, ...labels: string[]): number =>
      valueOf(after, name, ...labels) - valueOf(before, name, ...labels);
    assert.equal(grown('inferno_http_requests_total', 'route="/v1/completions"', 'status="200"'), n);
    assert.equal(grown('inferno_http_requests_total', 'route="/v1/completions"', 'status="400"'), n);
    assert.equal(grown('inferno_http_requests_total', 'route="other"', 'status="404"'), n);
    assert.equal(grown('inferno_http_requests_total', 'status="405"'), n);
    assert.equal(grown('inferno_errors_total', 'code="invalid_json"'), n);
    assert.equal(grown('inferno_tokens_total', 'kind="output"'), n * completion.max_tokens);
    assert.equal(grown('inferno_time_to_first_token_seconds_count'), n);
    assert.equal(grown('inferno_inter_token_seconds_count'), n * (completion.max_tokens - 1));
    assert.equal(grown('inferno_request_duration_seconds_bucket', 'le="+Inf"'), n);
  });

  it('takes no label from a client', async () => {
    await server.post('/v1/completions', { ...completion, model: 'x"} 1\n' });
    await fetch(`${server.url}/v1/models/${encodeURIComponent('a"b')}`);
    assert.ok(!(await scrape(server)).includes('a"b'));
  });

  it('is text that promtool accepts', { skip: hasPromtool ? false : 'promtool is not installed' }, async () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await scrape(server), encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  });

  it('is OpenMetrics for who asks for it', async () => {
    const text = await scrape(server, 'application/openmetrics-text; version=1.0.0,text/plain;q=0.5');
    assert.ok(text.endsWith('# EOF\n'));
  });

  it('exports every metric that dashboards and alerts name', async () => {
    const text = await scrape(server);
    const exported = new Set([...text.matchAll(/^([a-z_:][a-z0-9_:]*)[{ ]/gmu)].map(([, name]) => name));
    const found = expressions();
    assert.ok(found.length >= 20, 'there are dashboards and alerts');
    for (const { file, expression } of found) {
      const names = metricsIn(expression);
      assert.ok(names.length > 0, `${file}: no metric in ${expression}`);
      // `up` is Prometheus's own.
      for (const name of names.filter((candidate) => candidate !== 'up'))
        assert.ok(exported.has(name), `${file}: ${name} in ${expression}`);
    }
  });

  it('has alerts that promtool accepts', { skip: hasPromtool ? false : 'promtool is not installed' }, () => {
    const checked = spawnSync('promtool', ['check', 'rules', join(deploy, 'prometheus', 'alerts.yml')], {
      encoding: 'utf8',
    });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  });

  it('is scraped by a real Prometheus', { skip: hasPrometheus ? false : 'prometheus is not installed' }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inferno-prometheus-'));
    const probe = createServer().listen(0);
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const target = server.url.replace('http://', '');
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: inferno\n    static_configs: [{targets: ['${target}']}]\n`,
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
      ],
      { stdio: 'ignore' },
    );
    try {
      await eventually('Prometheus has scraped the server', async () => {
        const query = encodeURIComponent('inferno_tokens_total{kind="output"}');
        const answer = await fetch(`http://127.0.0.1:${String(port)}/api/v1/query?query=${query}`).catch(
          () => undefined,
        );
        if (answer?.ok !== true) return false;
        const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
        return Number(data.result[0]?.value[1]) > 0;
      });
    } finally {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
