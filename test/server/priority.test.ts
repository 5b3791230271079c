import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tiers } from '../../lib/native-types.js';
import type { Tier } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import { PriorityPolicy, type PriorityOptions } from '../../lib/server/priority-policy.js';
import { startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';

const path = '/v1/completions';
const short = { prompt: 'Once', max_tokens: 1 };

/** Starts so far, by tier. */
function started(server: TestServer): Record<Tier, number> {
  const { byTier } = server.model.queueStatus();
  return Object.fromEntries(tiers.map((tier, index) => [tier, byTier[index]?.started ?? 0])) as Record<Tier, number>;
}

/** The tier in which the request ran. */
async function tierOf(
  server: TestServer,
  fields: object,
  headers: Record<string, string> = {},
): Promise<Tier | undefined> {
  const before = started(server);
  const response = await server.post(path, { ...short, ...fields }, headers);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const after = started(server);
  return tiers.find((tier) => after[tier] > before[tier]);
}

async function refusal(
  server: TestServer,
  fields: object,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly error: ErrorBody['error'] }> {
  const response = await server.post(path, { ...short, ...fields }, headers);
  return { status: response.status, error: ((await response.json()) as ErrorBody).error };
}

describe('the priority of a request', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ priorities: { max: 'vip' } });
  });
  after(() => server[Symbol.asyncDispose]());

  const asked: readonly (readonly [what: string, fields: object, headers: Record<string, string>, tier: Tier])[] = [
    ['is normal when nobody says', {}, {}, 'normal'],
    ['is taken by name', { priority: 'low' }, {}, 'low'],
    ['is taken as 4 for vip', { priority: 4 }, {}, 'vip'],
    ['is taken as 1 for low', { priority: 1 }, {}, 'low'],
    ['may be null', { priority: null }, {}, 'normal'],
    ['is taken from the header', {}, { 'X-Inferno-Priority': 'high' }, 'high'],
    ['is taken from the header as a number, in any case', {}, { 'X-Inferno-Priority': '4' }, 'vip'],
    ['is the header’s where the body says another', { priority: 'low' }, { 'X-Inferno-Priority': 'HIGH' }, 'high'],
    ['is high for the service tier "priority"', { service_tier: 'priority' }, {}, 'high'],
    ['is low for the service tier "flex"', { service_tier: 'flex' }, {}, 'low'],
    ['is normal for the service tier "auto"', { service_tier: 'auto' }, {}, 'normal'],
    ['is the one given rather than the service tier’s', { service_tier: 'flex', priority: 'high' }, {}, 'high'],
  ];
  for (const [what, fields, headers, tier] of asked) {
    it(what, async () => {
      assert.equal(await tierOf(server, fields, headers), tier);
    });
  }

  it('holds for chats as for completions', async () => {
    const before = started(server);
    const body = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1, priority: 'low' };
    assert.equal((await server.post('/v1/chat/completions', body)).status, 200);
    assert.equal(started(server).low, before.low + 1);
  });

  const malformed: readonly (readonly [fields: object, param: string])[] = [
    [{ priority: 'urgent' }, 'priority'],
    [{ priority: 0 }, 'priority'],
    [{ priority: 5 }, 'priority'],
    [{ priority: 2.5 }, 'priority'],
    [{ priority: ['vip'] }, 'priority'],
    [{ deadline_ms: 0 }, 'deadline_ms'],
    [{ deadline_ms: 86_400_001 }, 'deadline_ms'],
    [{ deadline_ms: '100' }, 'deadline_ms'],
    [{ user: 5 }, 'user'],
    [{ user: 'x'.repeat(257) }, 'user'],
    [{ tags: 'a' }, 'tags'],
    [{ tags: Array.from({ length: 17 }, () => 'a') }, 'tags'],
    [{ tags: ['x'.repeat(65)] }, 'tags'],
    [{ tags: [''] }, 'tags'],
    [{ retry_count: 101 }, 'retry_count'],
    [{ retry_count: -1 }, 'retry_count'],
    [{ estimated_tokens: 0 }, 'estimated_tokens'],
    [{ estimated_tokens: 2_000_001 }, 'estimated_tokens'],
    [{ dependencies: 'a' }, 'dependencies'],
    [{ dependencies: ['with space'] }, 'dependencies'],
    [{ dependencies: Array.from({ length: 17 }, (_, i) => `r${String(i)}`) }, 'dependencies'],
    [{ service_tier: 'gold' }, 'service_tier'],
  ];
  for (const [fields, param] of malformed) {
    it(`refuses ${JSON.stringify(fields).slice(0, 60)}`, async () => {
      const { status, error } = await refusal(server, fields);
      assert.deepEqual([status, error.code, error.param], [400, 'invalid_argument', param]);
    });
  }

  it('takes everything that is within its bounds', async () => {
    const fields = {
      user: 'x'.repeat(256),
      tags: Array.from({ length: 16 }, () => 'x'.repeat(64)),
      retry_count: 100,
      estimated_tokens: 2_000_000,
      deadline_ms: 86_400_000,
      dependencies: [],
    };
    assert.equal(await tierOf(server, fields), 'normal');
  });

  for (const [header, value] of [
    ['X-Inferno-Priority', 'urgent'],
    ['X-Inferno-Priority', '5'],
    ['X-Inferno-Deadline-Ms', 'soon'],
    ['X-Inferno-Deadline-Ms', '0'],
    ['X-Inferno-Deadline-Ms', '1.5'],
    ['X-Inferno-Deadline-Ms', '86400001'],
  ] as const) {
    it(`refuses the header ${header}: ${value}`, async () => {
      const { status, error } = await refusal(server, {}, { [header]: value });
      assert.deepEqual([status, error.code, error.param], [400, 'invalid_argument', header]);
      assert.ok(error.message.includes(JSON.stringify(value)));
    });
  }
});

describe('who may ask for which priority', () => {
  it('is everybody for up to high, and the refusal names that', async () => {
    await using server = await startServer();
    assert.equal(await tierOf(server, { priority: 'high' }), 'high');
    for (const [fields, headers] of [
      [{ priority: 'vip' }, {}],
      [{}, { 'X-Inferno-Priority': 'vip' }],
    ] as const) {
      const { status, error } = await refusal(server, fields, headers);
      assert.deepEqual([status, error.code, error.type], [403, 'priority_not_allowed', 'permission_error']);
      assert.match(error.message, /highest allowed is "high"/);
    }
  });

  it('depends on the key', async () => {
    const priorities: PriorityOptions = {
      max: 'normal',
      keys: { gold: { max: 'vip' }, batch: { max: 'low' }, fast: { max: 'high', default: 'high' } },
    };
    await using server = await startServer({ apiKeys: ['plain', 'gold', 'batch', 'fast'], priorities });
    const as = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
    assert.equal(await tierOf(server, { priority: 'vip' }, as('gold')), 'vip');
    assert.equal(await tierOf(server, {}, as('gold')), 'normal');
    assert.equal(await tierOf(server, {}, as('batch')), 'low');
    assert.equal(await tierOf(server, {}, as('fast')), 'high');
    assert.equal(await tierOf(server, {}, as('plain')), 'normal');
    assert.match((await refusal(server, { priority: 'normal' }, as('batch'))).error.message, /allowed is "low"/);
    assert.equal((await refusal(server, { priority: 'high' }, as('plain'))).status, 403);
    assert.equal((await refusal(server, { priority: 'vip' }, as('fast'))).status, 403);
    assert.equal((await refusal(server, { priority: 'low' }, as('stranger'))).status, 401);
  });

  it('decides whose share it counts against', () => {
    const policy = new PriorityPolicy({ keys: { a: { user: 'company a' }, b: {} } }, ['a', 'b']);
    assert.equal(policy.userOf(0, 'alice'), 'company a');
    assert.equal(policy.userOf(1, 'alice'), 'alice');
    assert.equal(policy.userOf(-1, 'alice'), 'alice');
  });

  const wrong: readonly (readonly [PriorityOptions, RegExp])[] = [
    [{ max: 'top' as Tier }, /one of vip, high, normal, low for priorities\.max but received "top"/],
    [{ default: 'high', max: 'low' }, /priorities\.default to be at most priorities\.max \(low\)/],
    [{ keys: { k: { default: 'vip' } } }, /default to be at most/],
    [{ keys: { secret: { max: 'vip' } } }, /every key of priorities\.keys to be among apiKeys/],
  ];
  for (const [priorities, message] of wrong) {
    it(`refuses to start with ${JSON.stringify(priorities)}`, async () => {
      const models = [{ id: 'late', model: new Promise<never>(() => undefined) }];
      await assert.rejects(createServer({ models, priorities, apiKeys: ['k'], port: 0 }), (error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'));
        return true;
      });
    });
  }

  it('lets pages send the headers', async () => {
    const origin = 'https://app.example';
    await using server = await startServer({ cors: [origin] });
    const preflight = await fetch(server.url + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    const allowed = preflight.headers.get('access-control-allow-headers') ?? '';
    assert.ok(allowed.includes('x-inferno-priority') && allowed.includes('x-inferno-deadline-ms'));
    const exposed = (await fetch(`${server.url}/health`, { headers: { origin } })).headers;
    assert.match(exposed.get('access-control-expose-headers') ?? '', /retry-after/);
  });
});
