import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completionsPath, endless } from '../support/busy-server.js';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';
import { postText, RawConnection } from './raw-connection.js';

const short = { prompt: 'Once', max_tokens: 1 };

async function start(server: TestServer, id: string): Promise<RawConnection> {
  const connection = await RawConnection.open(server.port);
  connection.send(postText(completionsPath, endless, [`X-Request-Id: ${id}`]));
  await connection.until('data: ');
  return connection;
}

async function stateOf(server: TestServer, id: string): Promise<unknown> {
  const response = await fetch(`${server.url}/v1/requests/${id}`);
  return ((await response.json()) as { state?: unknown }).state;
}

async function heldGenerations(server: TestServer): Promise<unknown> {
  const response = await fetch(`${server.url}/metrics/queue/status`);
  return ((await response.json()) as { server: { held: unknown } }).server.held;
}

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  return ((await response.json()) as ErrorBody).error;
}

describe('dependencies', () => {
  it('that nobody has sent are a 400 that names them', async () => {
    await using server = await startServer();
    await (await server.post(completionsPath, short, { 'x-request-id': 'known' })).text();
    const answer = await server.post(completionsPath, { ...short, dependencies: ['known', 'unknown'] });
    assert.equal(answer.status, 400);
    const { code, param } = await errorOf(answer);
    assert.deepEqual([code, param], ['invalid_argument', 'dependencies[1]']);
    const own = await server.post(completionsPath, { ...short, dependencies: ['own'] }, { 'x-request-id': 'own' });
    assert.equal(own.status, 400);
  });

  it('that ended well are satisfied', async () => {
    await using server = await startServer();
    for (const [id, stream] of [
      ['whole', false],
      ['streamed', true],
    ] as const) {
      await (await server.post(completionsPath, { ...short, stream }, { 'x-request-id': id })).text();
    }
    const answer = await server.post(completionsPath, { ...short, dependencies: ['whole', 'streamed'] });
    assert.equal(answer.status, 200);
  });

  it('that run hold the request until they have ended', async () => {
    await using server = await startServer({ load: { contextSize: 4096 } });
    const first = server.post(
      completionsPath,
      { prompt: 'Once', max_tokens: 1200, ignore_eos: true },
      { 'x-request-id': 'first' },
    );
    await eventually('the first one runs', async () => (await stateOf(server, 'first')) === 'running');
    const second = server.post(completionsPath, { ...short, dependencies: ['first'] }, { 'x-request-id': 'second' });
    await eventually('the second one is held', async () => (await stateOf(server, 'second')) === 'held');
    assert.equal(await heldGenerations(server), 1);
    const third = server.post(completionsPath, { ...short, stream: true, dependencies: ['second'] });
    const order: string[] = [];
    const note = async (name: string, response: Promise<Response>): Promise<void> => {
      const { status } = await response;
      order.push(`${name} ${String(status)}`);
      await (await response).text();
    };
    await Promise.all([note('first', first), note('second', second), note('third', third)]);
    assert.deepEqual(order.sort(), ['first 200', 'second 200', 'third 200']);
    assert.equal(server.model.queueStatus().finished, 3);
    await server.settled();
    assert.equal(await heldGenerations(server), 0);
  });

  it('that fail are a 409 for whoever waits for them and whoever comes later', async () => {
    await using server = await startServer({ load: { contextSize: 32_768 } });
    const first = await start(server, 'first');
    const dependent = { ...short, dependencies: ['first'] };
    const second = server.post(completionsPath, dependent, { 'x-request-id': 'second' });
    const third = server.post(completionsPath, { ...short, dependencies: ['second', 'first'] });
    await eventually('the second one is held', async () => (await stateOf(server, 'second')) === 'held');
    first.destroy();
    for (const answer of [await second, await third, await server.post(completionsPath, dependent)]) {
      assert.equal(answer.status, 409);
      const { code, param } = await errorOf(answer);
      assert.deepEqual([code, param], ['dependency_failed', 'dependencies']);
    }
    await server.settled();
    assert.equal(await heldGenerations(server), 0);
  });

  it('do not keep a request beyond its deadline', async () => {
    await using server = await startServer({ load: { contextSize: 32_768 } });
    await start(server, 'first');
    const answer = await server.post(completionsPath, { ...short, dependencies: ['first'], deadline_ms: 50 });
    assert.equal(answer.status, 504);
    assert.equal((await errorOf(answer)).code, 'deadline_exceeded');
    assert.equal(await heldGenerations(server), 0);
  });

  it('leave nothing behind of a client that goes while its request is held', async () => {
    await using server = await startServer({ load: { contextSize: 32_768 } });
    const first = await start(server, 'first');
    const held = await RawConnection.open(server.port);
    held.send(postText(completionsPath, { ...short, dependencies: ['first'] }, ['X-Request-Id: held']));
    await eventually('the request is held', async () => (await stateOf(server, 'held')) === 'held');
    held.destroy();
    await eventually('it is held no more', async () => (await heldGenerations(server)) === 0);
    first.destroy();
    await server.settled();
    // The first one alone was ever submitted.
    assert.equal(server.model.queueStatus().started, 1);
  });
});
