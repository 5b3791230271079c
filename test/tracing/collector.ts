/** An OpenTelemetry collector: takes spans as JSON over HTTP, as the real ones do on port 4318. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { eventually } from '../support/with-server.js';

const anyValue = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.union([z.number(), z.string()]) }).transform(({ intValue }) => Number(intValue)),
  z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
  z.object({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
  z.object({ arrayValue: z.unknown() }).transform(({ arrayValue }) => JSON.stringify(arrayValue)),
]);
const attributes = z
  .array(z.object({ key: z.string(), value: anyValue }))
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])));
/** Nanoseconds since 1970. */
const nanoseconds = z
  .string()
  .regex(/^\d{19}$/u)
  .transform(BigInt);
const span = z.object({
  traceId: z.string().regex(/^[\da-f]{32}$/u),
  spanId: z.string().regex(/^[\da-f]{16}$/u),
  parentSpanId: z.string().default(''),
  traceState: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z.array(z.object({ name: z.string(), timeUnixNano: nanoseconds })),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  status: z.object({ code: z.number(), message: z.string().optional() }),
});
const exported = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ spans: z.array(span) })) }),
  ),
});

export type CollectedSpan = z.infer<typeof span>;

export class Collector {
  readonly #server: Server;
  readonly #status: number;
  readonly spans: CollectedSpan[] = [];
  readonly resources: Record<string, unknown>[] = [];
  readonly headers: NodeJS.Dict<string | string[]>[] = [];

  constructor(status: number) {
    this.#status = status;
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.headers.push(request.headers);
        if (request.url === '/v1/traces' && this.#status === 200) this.#take(body);
        response.writeHead(this.#status, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** The spans of one trace, as soon as its first one, which ends last, is here. */
  async trace(traceId: string): Promise<Trace> {
    const of = (): CollectedSpan[] => this.spans.filter((candidate) => candidate.traceId === traceId);
    const isTop = ({ kind }: CollectedSpan): boolean => kind === 2 || kind === 5;
    await eventually(`the trace ${traceId} is delivered`, () => of().some(isTop));
    return new Trace(of());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(body: string): void {
    for (const { resource, scopeSpans } of exported.parse(JSON.parse(body)).resourceSpans) {
      this.resources.push(resource.attributes);
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
  }
}

/** All spans of one trace that this server made. */
export class Trace {
  readonly spans: readonly CollectedSpan[];

  constructor(spans: readonly CollectedSpan[]) {
    this.spans = spans;
  }

  /** The only one of that name. */
  named(name: string): CollectedSpan {
    const [found, ...others] = this.spans.filter((candidate) => candidate.name === name);
    assert.ok(found !== undefined, `no ${name} among ${this.spans.map((each) => each.name).join(', ')}`);
    assert.equal(others.length, 0);
    return found;
  }

  /** Names of the spans directly below, in the order in which they began. */
  below({ spanId }: CollectedSpan): string[] {
    return this.spans
      .filter(({ parentSpanId }) => parentSpanId === spanId)
      .sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano))
      .map(({ name }) => name);
  }

  /** Every span lies within its parent, to the microsecond that the engine's clock counts. */
  assertNested(): void {
    for (const inner of this.spans) {
      const outer = this.spans.find(({ spanId }) => spanId === inner.parentSpanId);
      if (outer === undefined) continue;
      const early = outer.startTimeUnixNano - inner.startTimeUnixNano;
      const late = inner.endTimeUnixNano - outer.endTimeUnixNano;
      assert.ok(
        early <= 2000n && late <= 2000n,
        `${inner.name} in ${outer.name}: ${String(early)}, ${String(late)} ns`,
      );
      assert.ok(inner.endTimeUnixNano >= inner.startTimeUnixNano);
    }
  }
}

/** `status`: what it answers; only with 200 it keeps what it got. */
export async function startCollector(status = 200): Promise<Collector> {
  return new Collector(status).listen();
}
