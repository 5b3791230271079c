import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import { SocketClient } from '../websocket/socket-client.js';

interface ProfileJson {
  readonly request_id: string;
  readonly route: string;
  readonly model_id: string | null;
  readonly priority: string | null;
  readonly user: string | null;
  readonly stream: boolean;
  readonly status: number;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly total_time_ms: number;
  readonly phases: readonly { readonly phase: string; readonly duration_ms: number }[];
  readonly first_token_ms: number | null;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

const completion = { prompt: 'Once upon a time', max_tokens: 12, temperature: 0, ignore_eos: true };

async function getJson<T>(server: TestServer, path: string): Promise<T> {
  const response = await fetch(server.url + path);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

async function profilesOf(server: TestServer, query = 'limit=1000'): Promise<readonly ProfileJson[]> {
  return (await getJson<{ profiles: ProfileJson[] }>(server, `/metrics/profiles/recent?${query}`)).profiles;
}

/** The profile of a request, as soon as its generations have ended, too. */
async function profileOf(server: TestServer, id: string): Promise<ProfileJson> {
  let found: ProfileJson | undefined;
  await eventually(`${id} is profiled`, async () => {
    found = (await profilesOf(server)).find((profile) => profile.request_id === id);
    return found !== undefined;
  });
  assert.ok(found !== undefined);
  return found;
}

function assertSums(profile: ProfileJson): void {
  const sum = profile.phases.reduce((total, { duration_ms: duration }) => total + duration, 0);
  assert.ok(Math.abs(sum - profile.total_time_ms) < 1, `${String(sum)} of ${String(profile.total_time_ms)} ms`);
  for (const { phase, duration_ms: duration } of profile.phases) assert.ok(duration >= 0, `${phase} is negative`);
}

function phase(profile: ProfileJson, name: string): number {
  return profile.phases.find((candidate) => candidate.phase === name)?.duration_ms ?? NaN;
}

describe('GET /metrics/profiles/recent', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { parallel: 2, contextSize: 1024 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('has every request, whole or streamed, with phases that make up its time', async () => {
    const bodies = [
      ['a', completion],
      ['b', { ...completion, stream: true }],
      ['c', { ...completion, n: 3, user: 'ann', priority: 'high' }],
      ['d', { ...completion, prompt: ['Once', 'Two'], stream: true }],
    ] as const;
    await Promise.all(
      bodies.map(async ([id, body]) => {
        const response = await server.post('/v1/completions', body, { 'x-request-id': id });
        assert.equal(response.status, 200);
        await response.text();
      }),
    );
    for (const [id, body] of bodies) {
      const profile = await profileOf(server, id);
      assertSums(profile);
      assert.equal(profile.route, '/v1/completions');
      assert.equal(profile.model_id, 'tiny');
      assert.equal(profile.status, 200);
      assert.equal(profile.outcome, 'length');
      assert.equal(profile.stream, 'stream' in body);
      assert.ok(phase(profile, 'prefill') > 0 && phase(profile, 'decode') > 0 && phase(profile, 'tokenize') > 0);
      assert.ok(profile.first_token_ms !== null && profile.first_token_ms < profile.total_time_ms);
    }
    const several = await profileOf(server, 'c');
    assert.deepEqual([several.output_tokens, several.priority, several.user], [36, 'high', 'ann']);
  });

  it('has the requests of every protocol that makes the model compute', async () => {
    const chat = { messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 4 };
    const bodies: Readonly<Record<string, object>> = {
      '/v1/chat/completions': chat,
      '/v1/responses': { input: 'Hello!', max_output_tokens: 16 },
      '/v1/messages': chat,
      '/v1/embeddings': { input: 'Hello!' },
      '/chat/completions': chat,
      '/completion': { prompt: 'Once', n_predict: 4 },
      '/embedding': { content: 'Hello!' },
    };
    for (const [route, body] of Object.entries(bodies)) {
      const id = `by${route.replaceAll('/', '-')}`;
      const response = await server.post(route, body, { 'x-request-id': id });
      assert.equal(response.status, 200, `${route}: ${await response.clone().text()}`);
      await response.text();
      const profile = await profileOf(server, id);
      assertSums(profile);
      assert.deepEqual([profile.route, profile.model_id], [route, 'tiny']);
    }
  });

  it('shows waiting as waiting', async () => {
    const long = { ...completion, max_tokens: 300 };
    const first = [server.post('/v1/completions', long), server.post('/v1/completions', long)];
    await eventually('both run', () => server.model.stats().sequencesBusy === 2);
    const response = await server.post('/v1/completions', completion, { 'x-request-id': 'waits' });
    await response.text();
    for (const answer of await Promise.all(first)) await answer.text();
    const profile = await profileOf(server, 'waits');
    assertSums(profile);
    assert.ok(phase(profile, 'queue') > phase(profile, 'prefill'));
  });

  it('has those that were refused, failed or left', async () => {
    await server.post('/v1/completions', { prompt: 7 }, { 'x-request-id': 'refused' });
    await server.post('/v1/completions', { ...completion, model: 'none' }, { 'x-request-id': 'unknown' });
    await server.post('/v1/completions', { prompt: 'word '.repeat(2000) }, { 'x-request-id': 'long' });
    const controller = new AbortController();
    const left = fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'left' },
      body: JSON.stringify({ ...completion, max_tokens: 2000, stream: true }),
      signal: controller.signal,
    });
    const reader = (await left).body?.getReader();
    await reader?.read();
    controller.abort();
    const expected = [
      ['refused', 400, 'refused', 'invalid_argument'],
      ['unknown', 404, 'refused', 'model_not_found'],
      ['long', 400, 'error', 'context_length_exceeded'],
      ['left', 499, 'cancelled', null],
    ] as const;
    for (const [id, status, outcome, code] of expected) {
      const profile = await profileOf(server, id);
      assertSums(profile);
      assert.deepEqual([profile.status, profile.outcome, profile.error_code], [status, outcome, code], id);
    }
    assert.ok(phase(await profileOf(server, 'left'), 'decode') > 0);
  });

  it('has requests over WebSockets and for embeddings', async () => {
    const client = await SocketClient.open(server);
    client.complete('s', completion);
    await client.done('s');
    await client.close();
    const embedding = await server.post('/v1/embeddings', { input: 'Hello' }, { 'x-request-id': 'vector' });
    assert.equal(embedding.status, 200);
    assertSums(await profileOf(server, 'vector'));
    const overSocket = (await profilesOf(server)).filter(({ route }) => route === '/ws/stream');
    assert.equal(overSocket.length, 1);
    for (const profile of overSocket) {
      assertSums(profile);
      assert.equal(profile.outcome, 'length');
    }
  });

  it('filters, and refuses what it does not know', async () => {
    assert.ok((await profilesOf(server, 'outcome=refused')).every(({ outcome }) => outcome === 'refused'));
    assert.equal((await profilesOf(server, 'limit=1')).length, 1);
    assert.equal((await profilesOf(server, 'model=none')).length, 0);
    for (const query of ['limit=0', 'limit=x', 'priority=best', 'colour=red', 'outcome=']) {
      assert.equal((await fetch(`${server.url}/metrics/profiles/recent?${query}`)).status, 400, query);
    }
  });
});

describe('GET /metrics/profiles/stats, timeline, anomalies, export', () => {
  let server: TestServer;
  let folder = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inferno-baseline-'));
    server = await startServer({ profiling: { baselineFile: join(folder, 'deep', 'baseline.json') } });
    for (let i = 0; i < 8; i++) await (await server.post('/v1/completions', completion)).text();
    await server.settled();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('count each phase once per request, and each token but the first', async () => {
    interface Stats {
      readonly stats: readonly {
        phase: string;
        count: number;
        priority: string;
        duration_ms: Record<string, number>;
      }[];
      readonly sample_count: number;
    }
    for (const window of ['1m', '5m', '1h', 'all']) {
      const { stats, sample_count: samples } = await getJson<Stats>(server, `/metrics/profiles/stats?window=${window}`);
      assert.equal(samples, 8);
      const counts = Object.fromEntries(stats.map(({ phase, count }) => [phase, count]));
      const once = [
        'receive',
        'tokenize',
        'queue',
        'prefill',
        'decode',
        'detokenize',
        'serialize',
        'first_token',
        'total',
      ];
      assert.deepEqual(counts, { ...Object.fromEntries(once.map((name) => [name, 8])), inter_token: 88 });
      for (const { duration_ms: ms } of stats) {
        assert.ok((ms['min'] ?? 1) <= (ms['p50'] ?? 0) && (ms['p50'] ?? 1) <= (ms['p99'] ?? 0));
      }
    }
    assert.deepEqual((await getJson<Stats>(server, '/metrics/profiles/stats?priority=vip')).stats, []);
  });

  it('say when what ended', async () => {
    const { data_points: points } = await getJson<{ data_points: { requests: number; output_tokens: number }[] }>(
      server,
      '/metrics/profiles/timeline?minutes=5',
    );
    assert.equal(points.length, 30);
    assert.equal(
      points.reduce((sum, { requests }) => sum + requests, 0),
      8,
    );
    assert.equal(
      points.reduce((sum, { output_tokens: tokens }) => sum + tokens, 0),
      96,
    );
  });

  it('find nothing unusual in what the baseline was made of, and read a saved one', async () => {
    const saved = await server.post('/metrics/profiles/baseline', '');
    assert.equal(saved.status, 200, await saved.clone().text());
    assert.equal(((await saved.json()) as { saved: boolean }).saved, true);
    assert.deepEqual((await getJson<{ anomalies: unknown[] }>(server, '/metrics/profiles/anomalies')).anomalies, []);
    await using next = await startServer({ profiling: { baselineFile: join(folder, 'deep', 'baseline.json') } });
    const { baseline } = await getJson<{ baseline: { saved_at: string } | null }>(next, '/metrics/profiles/anomalies');
    assert.ok(baseline !== null && Date.parse(baseline.saved_at) <= Date.now());
  });

  it('export JSON and CSV', async () => {
    const { count } = await getJson<{ count: number }>(server, '/metrics/profiles/export?minutes=5');
    assert.equal(count, 8);
    const csv = await fetch(`${server.url}/metrics/profiles/export?format=csv`);
    assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/u);
    const lines = (await csv.text()).trimEnd().split('\r\n');
    assert.equal(lines.length, 9);
    assert.ok(lines[0]?.startsWith('request_id,timestamp,route'));
    assert.ok(lines.every((line) => line.split(',').length === lines[0]?.split(',').length));
  });
});

describe('a server without profiling', () => {
  it('answers, and says that it measures nothing', async () => {
    await using server = await startServer({ profiling: false });
    assert.equal((await server.post('/v1/completions', completion)).status, 200);
    for (const path of ['/metrics', '/metrics/profiles/recent', '/metrics/profiles/stats']) {
      assert.equal((await fetch(server.url + path)).status, 404);
    }
    await delay(0);
  });
});
