/** How tracing is switched on, and that it costs nothing and breaks nothing when it is off or its collector is dead. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer, startServerProcess, testModelPath } from '../support/with-server.js';
import { runCli } from '../cli/cli-process.js';
import { startCollector } from './collector.js';

const chat = { messages: [{ role: 'user', content: 'Say "hi"\n' }], max_tokens: 3, ignore_eos: true };
const root = fileURLToPath(new URL('../..', import.meta.url));

/** One request to a server in a process of its own, which then says what it has loaded. */
const tracedRequest = `
  import { createRequire } from 'node:module';
  import { loadModel } from './lib/index.ts';
  import { createServer } from './lib/server/index.ts';
  const [, path, options] = process.argv;
  const model = await loadModel(path, { contextSize: 256, parallel: 1 });
  const server = await createServer({ models: [{ id: 'tiny', model }], port: 0, ...JSON.parse(options) });
  const body = JSON.stringify({ prompt: 'a', max_tokens: 2 });
  const headers = { 'content-type': 'application/json' };
  const { status, headers: answered } = await fetch(server.url + '/v1/completions', { method: 'POST', headers, body });
  await server.close();
  await model.unload();
  // All packages of OpenTelemetry are CommonJS. Its api, an empty shell, comes with prom-client.
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  const isLoaded = loaded.some((file) => /@opentelemetry.(?!api[^-])/.test(file));
  console.log(JSON.stringify({ isLoaded, isTraced: answered.has('traceparent'), status }));`;

function traceIdOf(response: Response): string {
  return response.headers.get('traceparent')?.split('-')[1] ?? '';
}

// The exporter tries again for ten seconds otherwise.
process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '1000';

describe('tracing', () => {
  it('loads nothing of OpenTelemetry while it is off', () => {
    const seen = (tracing: string): unknown => {
      const args = ['--import', 'tsx', '--input-type=module', '--eval', tracedRequest, testModelPath(), tracing];
      const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      assert.notEqual(stdout, '', stderr);
      return JSON.parse(stdout);
    };
    assert.deepEqual(seen('{}'), { isLoaded: false, isTraced: false, status: 200 });
    const on = JSON.stringify({ tracing: { endpoint: 'http://127.0.0.1:1', flushTimeoutMs: 0 } });
    assert.deepEqual(seen(on), { isLoaded: true, isTraced: true, status: 200 });
  });

  it('delivers the last spans when the process is stopped, as the flags say', async () => {
    await using collector = await startCollector();
    const process = await startServerProcess(['--otel-endpoint', collector.url, '--otel-capture-content']);
    const response = await fetch(`${process.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat),
    });
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    assert.equal(await process.stop(), 0);
    const inference = collector.spans.find(
      ({ traceId, name }) => traceId === traceIdOf(response) && name.startsWith('chat '),
    );
    const contents = (key: string): unknown => JSON.parse(String(inference?.attributes[key]));
    const asked = { role: 'user', parts: [{ type: 'text', content: 'Say "hi"\n' }] };
    assert.deepEqual(contents('gen_ai.input.messages'), [asked]);
    const parts = [{ type: 'text', content: choices[0]?.message.content }];
    assert.deepEqual(contents('gen_ai.output.messages'), [{ role: 'assistant', parts, finish_reason: 'length' }]);
  });

  it('records a share of the traces that begin here, and all that callers record', async () => {
    await using collector = await startCollector();
    await using server = await startServer({ tracing: { endpoint: collector.url, sampleRatio: 0 } });
    const ids: string[] = [];
    for (let request = 0; request < 5; request++) {
      const response = await server.post('/v1/chat/completions', chat);
      await response.text();
      assert.match(response.headers.get('traceparent') ?? '', /-00$/u);
      ids.push(traceIdOf(response));
    }
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await (await server.post('/v1/chat/completions', chat, { traceparent })).text();
    await collector.trace('a'.repeat(32));
    assert.deepEqual(
      collector.spans.filter(({ traceId }) => ids.includes(traceId)),
      [],
    );
  });

  for (const [what, status] of [
    ['is dead', undefined],
    ['refuses', 403],
  ] as const) {
    it(`answers as ever and says once when the collector ${what}`, async () => {
      await using collector = await startCollector(status ?? 200);
      const endpoint = collector.url;
      if (status === undefined) await collector[Symbol.asyncDispose]();
      const warnings: string[] = [];
      const onWarning = (sentence: string): void => void warnings.push(sentence);
      const server = await startServer({ tracing: { endpoint, onWarning, flushTimeoutMs: 20_000 } });
      for (let request = 0; request < 3; request++) {
        const response = await server.post('/v1/chat/completions', chat);
        assert.equal(response.status, 200);
        await response.text();
      }
      await server[Symbol.asyncDispose]();
      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(warnings[0] ?? '', new RegExp(`^Spans cannot be delivered to ${endpoint} \\(`, 'u'));
    });
  }

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--otel-endpoint', 'collector:4318'], /Expected an http or https URL but received "collector:4318"/u],
    [['--otel-sample', '2'], /Expected a number from 0 to 1 but received "2"/u],
    [['--otel-header', 'secret'], /Expected NAME=VALUE\.\n/u],
  ];
  for (const [flags, words] of wrong) {
    it(`refuses ${flags.join(' ')}`, async () => {
      const { code, stderr } = await runCli(['serve', ...flags]);
      assert.equal(code, 2);
      assert.match(stderr, words);
    });
  }

  it('refuses settings of an SDK together with a tracer of another', async () => {
    const { trace } = await import('@opentelemetry/api');
    const tracing = { tracer: trace.getTracer('mine'), endpoint: 'http://127.0.0.1:1' };
    await assert.rejects(startServer({ tracing }), /either tracing\.tracer or tracing\.endpoint/u);
  });
});
