import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { TemplatedApp } from 'uWebSockets.js';
import { openApiDocument } from '../../lib/server/openapi/document.js';
import { addRoutes } from '../../lib/server/router.js';
import type { ServerContext } from '../../lib/server/server-context.js';
import { SessionPool } from '../../lib/server/sessions/session-pool.js';
import { resolveEventStreams } from '../../lib/server/sse/event-stream-options.js';
import { EventStreamRoutes } from '../../lib/server/sse/routes.js';
import { webSocketPath } from '../../lib/server/websocket/dispatch.js';
import { startServer } from '../support/with-server.js';

/** `DELETE /v1/background/*` for every route that the router adds, its last resort aside. */
function routesOfServer(): string[] {
  const routes: string[] = [];
  const add =
    (method: string) =>
    (path: string): void => {
      if (method !== 'HEAD') routes.push(`${method} ${path}`);
    };
  const app = { get: add('GET'), head: add('HEAD'), post: add('POST'), del: add('DELETE'), any: () => undefined };
  // Routes only keep the context for their requests.
  const options = resolveEventStreams(undefined);
  const events = new EventStreamRoutes(new SessionPool(options), options);
  addRoutes(app as unknown as TemplatedApp, {} as ServerContext, events);
  return routes;
}

const document = await openApiDocument();
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
);

function isServedBy(route: string, { method, path }: { readonly method: string; readonly path: string }): boolean {
  const [routeMethod = '', pattern = ''] = route.split(' ');
  if (routeMethod !== method) return false;
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>);
    assert.equal(result.valid, true, JSON.stringify(result.errors));
  });

  it('has every route of the router, and no other', () => {
    const routes = routesOfServer();
    assert.ok(routes.includes('POST /v1/chat/completions'));
    assert.deepEqual(
      routes.filter((route) => !described.some((operation) => isServedBy(route, operation))),
      [],
      'routes that are not described: add them to lib/server/openapi/operations',
    );
    assert.deepEqual(
      described.filter((operation) => !routes.some((route) => isServedBy(route, operation))),
      [],
      'described routes that the router does not have',
    );
  });

  it('names the methods that each path has, those behind a wildcard too', async () => {
    await using server = await startServer();
    for (const [path, methods] of Object.entries(document.paths)) {
      const target = path.replaceAll(/\{\w+\}/gu, 'x');
      const response = await fetch(server.url + target, { method: 'OPTIONS' });
      const allowed = (response.headers.get('allow') ?? '').split(', ').filter((name) => !/HEAD|OPTIONS/u.test(name));
      const named = Object.keys(methods).map((method) => method.toUpperCase());
      assert.deepEqual(named.sort(), allowed.sort(), path);
    }
  });

  it('refers to schemas that it has', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/([^"]+)"/gu)];
    const components: Readonly<Record<string, Readonly<Record<string, unknown>>>> = document.components;
    const missing = references.filter(([, reference = '']) => {
      const [kind = '', name = ''] = reference.split('/');
      return components[kind]?.[name] === undefined;
    });
    assert.notEqual(references.length, 0);
    assert.deepEqual(missing, []);
  });

  it('describes the WebSocket with its messages', () => {
    assert.ok('x-websocket' in (document.paths[webSocketPath]?.['get'] ?? {}));
  });
});

describe('GET /openapi.json and /docs', () => {
  for (const path of ['/openapi.json', '/docs']) {
    it(`${path} is compressed, and not sent again to who has it`, async () => {
      await using server = await startServer({ apiKeys: ['secret'] });
      const response = await fetch(server.url + path, { headers: { 'accept-encoding': 'br' } });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-encoding'), 'br');
      const text = await response.text();
      const etag = response.headers.get('etag') ?? '';
      assert.match(etag, /^W\/".+"$/u);
      const plain = await fetch(server.url + path, { headers: { 'accept-encoding': 'identity' } });
      assert.equal(plain.headers.get('content-encoding'), null);
      assert.equal(await plain.text(), text);
      const known = await fetch(server.url + path, { headers: { 'if-none-match': `"other", ${etag}` } });
      assert.equal(known.status, 304);
      assert.equal(await known.text(), '');
      const other = await fetch(server.url + path, { headers: { 'if-none-match': 'W/"other"' } });
      assert.equal(other.status, 200);
      await other.arrayBuffer();
      assert.equal((await fetch(server.url + path, { method: 'HEAD' })).status, 200);
    });
  }
});
