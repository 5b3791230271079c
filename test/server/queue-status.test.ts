import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QueueLoad } from '../../lib/server/queue-load.js';
import { queueReport } from '../../lib/server/queue-report.js';
import { completionsPath, endless, sendEndless, startBusyServer, untilQueued } from '../support/busy-server.js';
import { eventually, startServer } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';
import { postText, RawConnection } from './raw-connection.js';

type Fields = Readonly<Record<string, unknown>>;

interface TierJson extends Fields {
  readonly queued: number;
  readonly started: number;
  readonly tokens_served: number;
  readonly weight: number;
}

interface StatusJson extends Fields {
  readonly object: string;
  readonly level: string;
  readonly models: readonly (Fields & {
    readonly by_tier: Readonly<Record<string, TierJson>>;
    readonly workers: Fields;
    readonly rates: Fields;
    readonly fairness: Fields;
    readonly cache: Fields;
  })[];
  readonly server: Fields;
}

async function json<Body>(url: string): Promise<Body> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  return (await response.json()) as Body;
}

describe('GET /metrics/queue/status', () => {
  it('tells of every tier, the workers, the rates, fairness and the cache', async () => {
    await using server = await startServer({ load: { scheduling: { queueCapacity: 77 } } });
    const answer = await server.post(completionsPath, { prompt: 'Once', max_tokens: 20, priority: 'high' });
    assert.equal(answer.status, 200);
    const status = await json<StatusJson>(`${server.url}/metrics/queue/status`);
    assert.deepEqual([status.object, status.level], ['queue.status', 'healthy']);
    assert.equal(typeof status['timestamp_ms'], 'number');
    // The request that asks is not a registered one.
    assert.deepEqual(status.server, { generations: 0, held: 0, active_requests: 0 });
    const [model] = status.models;
    assert.ok(model !== undefined);
    assert.deepEqual([model['id'], model['policy'], model['capacity']], ['tiny', 'priority', 77]);
    assert.deepEqual([model['queued'], model['held'], model['running'], model['parked']], [0, 0, 0, 0]);
    assert.deepEqual([model['started'], model['finished'], model['cancelled'], model['expired']], [1, 1, 0, 0]);
    assert.deepEqual(model.workers, { busy: 0, limit: 8, total: 8 });
    assert.deepEqual(
      Object.entries(model.by_tier).map(([tier, { weight, started }]) => [tier, weight, started]),
      [
        ['vip', 8, 0],
        ['high', 4, 1],
        ['normal', 2, 0],
        ['low', 1, 0],
      ],
    );
    assert.ok((model.by_tier['high']?.tokens_served ?? 0) > 0);
    const waits = ['oldest_ms', 'avg_wait_ms', 'p50_wait_ms', 'p95_wait_ms', 'p99_wait_ms', 'max_wait_ms'];
    for (const name of [...waits, 'queued', 'running', 'parked', 'queued_tokens']) {
      assert.equal(typeof model.by_tier['high']?.[name], 'number', name);
    }
    assert.ok(Number(model.rates['decode_tokens_per_second']) > 0);
    assert.ok(Number(model.rates['prefill_tokens_per_second']) > 0);
    for (const name of ['token_latency_ms', 'eta_ms', 'preempted']) assert.equal(typeof model[name], 'number', name);
    assert.deepEqual(model.fairness, {
      starvation_threshold_ms: 30_000,
      starvation_detected: false,
      fairness_score: 1,
    });
    assert.equal(model.cache['memory_limit_bytes'], 256 * 1024 * 1024);
  });

  it('counts what waits and runs', async () => {
    await using server = await startBusyServer();
    const low = await sendEndless(server, 2, { priority: 'low' });
    await untilQueued(server, 2);
    await eventually('the status says so', async () => {
      const status = await json<StatusJson>(`${server.url}/metrics/queue/status`);
      const [model] = status.models;
      return model?.by_tier['low']?.queued === 2 && model['running'] === 1 && status.server['generations'] === 3;
    });
    low.destroy();
  });

  it('needs a key when the server has keys', async () => {
    await using server = await startServer({ apiKeys: ['secret'] });
    assert.equal((await fetch(`${server.url}/metrics/queue/status`)).status, 401);
    const headers = { authorization: 'Bearer secret' };
    assert.equal((await fetch(`${server.url}/metrics/queue/status`, { headers })).status, 200);
    assert.equal((await fetch(`${server.url}/v1/requests/x`)).status, 401);
  });
});

describe('the fairness of a model', () => {
  it('is the share of the last waits within 30 s, by the quantiles that are known', async () => {
    await using server = await startServer();
    const status = server.model.queueStatus();
    const [vip, high, normal, low] = status.byTier;
    assert.ok(vip !== undefined && high !== undefined && normal !== undefined && low !== undefined);
    const fairnessOf = (waitMs: typeof low.waitMs): unknown => {
      const byTier = [vip, { ...high, started: 5000 }, normal, { ...low, started: 1000, waitMs }];
      return queueReport('tiny', new QueueLoad({ queueStatus: () => ({ ...status, byTier }) }))['fairness'];
    };
    // Half of the 2,000 samples waited for nothing; of the others 97 % at most 30 s, half way from p95 to p99.
    assert.deepEqual(fairnessOf({ mean: 12_000, p50: 10_000, p95: 20_000, p99: 40_000, max: 60_000 }), {
      starvation_threshold_ms: 30_000,
      starvation_detected: true,
      fairness_score: 0.985,
    });
    assert.deepEqual(fairnessOf({ mean: 12_000, p50: 10_000, p95: 20_000, p99: 29_000, max: 30_000 }), {
      starvation_threshold_ms: 30_000,
      starvation_detected: false,
      fairness_score: 1,
    });
  });
});

describe('GET /v1/requests/{id}', () => {
  it('tells where a request stands until it has ended', async () => {
    await using server = await startBusyServer();
    const send = async (id: string, fields: object): Promise<RawConnection> => {
      const connection = await RawConnection.open(server.port);
      connection.send(postText(completionsPath, { ...endless, ...fields }, [`X-Request-Id: ${id}`]));
      return connection;
    };
    const first = await send('first', { priority: 'low', tags: ['nightly'], retry_count: 2 });
    await untilQueued(server, 1);
    const second = await send('second', { priority: 'low' });
    await untilQueued(server, 2);
    const standing = await json<Fields>(`${server.url}/v1/requests/first`);
    assert.deepEqual(
      { ...standing, eta_ms: typeof standing['eta_ms'] },
      {
        id: 'first',
        object: 'request',
        model: 'tiny',
        state: 'waiting',
        position: 0,
        eta_ms: 'number',
        priority: 'low',
        tags: ['nightly'],
        retry_count: 2,
        dependencies: [],
      },
    );
    assert.equal((await json<Fields>(`${server.url}/v1/requests/second`))['position'], 1);
    first.destroy();
    await eventually('the first one is gone', async () => {
      const gone = await fetch(`${server.url}/v1/requests/first`);
      if (gone.status === 200) return false;
      assert.equal(gone.status, 404);
      return ((await gone.json()) as ErrorBody).error.code === 'request_not_found';
    });
    await eventually('the second one is next', async () => {
      const { position } = await json<Fields>(`${server.url}/v1/requests/second`);
      return position === 0;
    });
    second.destroy();
  });

  it('says that one runs', async () => {
    await using server = await startServer({ load: { contextSize: 8192 } });
    const connection = await RawConnection.open(server.port);
    connection.send(postText(completionsPath, { ...endless, n: 2 }, ['X-Request-Id: running']));
    await connection.until('data: ');
    const standing = await json<Fields>(`${server.url}/v1/requests/running`);
    assert.deepEqual([standing['state'], standing['position']], ['running', 0]);
    connection.destroy();
  });

  it('knows nobody else', async () => {
    await using server = await startServer();
    assert.equal((await fetch(`${server.url}/v1/requests/nobody`)).status, 404);
  });
});

describe('the queue in GET /health', () => {
  it('is healthy, degraded or critical by how many wait', async () => {
    const queueHealth = { degradedDepth: 0, criticalDepth: 1, degradedWaitMs: 1e9, criticalWaitMs: 1e9 };
    await using server = await startBusyServer({ queueHealth });
    const queue = async (): Promise<Fields> => (await json<{ queue: Fields }>(`${server.url}/health`)).queue;
    const becomes = (status: string, depth: number): Promise<void> =>
      eventually(`it is ${status}`, async () => {
        const { status: now, queue_depth: waiting } = await queue();
        return now === status && waiting === depth;
      });
    await becomes('healthy', 0);
    const first = await sendEndless(server);
    await becomes('degraded', 1);
    const second = await sendEndless(server);
    await becomes('critical', 2);
    const now = await queue();
    assert.deepEqual([now['active_workers'], now['total_workers']], [1, 1]);
    assert.equal(typeof now['avg_wait_ms'], 'number');
    first.destroy();
    second.destroy();
    await becomes('healthy', 0);
  });

  it('looks at the wait of those that started, too, while somebody waits', async () => {
    const queueHealth = { degradedDepth: 1e9, criticalDepth: 1e9, degradedWaitMs: 0, criticalWaitMs: 1e9 };
    await using server = await startBusyServer({ queueHealth });
    const waiting = await sendEndless(server);
    await eventually('it is degraded', async () => {
      const { queue } = await json<{ queue: Fields }>(`${server.url}/health`);
      return queue['status'] === 'degraded';
    });
    waiting.destroy();
  });
});
