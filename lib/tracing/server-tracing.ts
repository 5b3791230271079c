import { SpanKind } from '@opentelemetry/api';
import type { Attributes, SpanContext, Tracer } from '@opentelemetry/api';
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { EndedLoad } from '../manager/model-manager.js';
import { engineClockUs } from '../profile/request-recorder.js';
import { packageVersion } from '../version.js';
import { ModelLoads } from './model-loads.js';
import { RequestTrace } from './request-trace.js';
import { SpanClock } from './span-clock.js';
import { SpanWriter } from './span-writer.js';
import { contextUnder, parseTraceparent } from './trace-context.js';
import type { ResolvedTracing } from './tracing-options.js';

/** Of an HTTP request, whatever the server is made of. */
export interface RequestHead {
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getHeader(name: string): string;
}

export interface MessageFacts {
  readonly type: string;
  readonly requestId: string;
  /** What its sender wrote; ignored unless it is right. */
  readonly traceparent: string;
  readonly tracestate: string;
}

export interface BackgroundFacts {
  readonly id: string;
  readonly endpoint: string;
  /** From 1 on. */
  readonly attempt: number;
  /** Of the request that asked for it. */
  readonly traceparent: string | undefined;
}

const methods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);
const mostOfHeader = 200;

/** `/v1/models/{id}` of `/v1/models/*`; undefined for what the server calls paths that lead nowhere. */
function routeOf(pattern: string): string | undefined {
  return pattern.startsWith('/') ? pattern.replace('*', '{id}') : undefined;
}

/** HTTP semantic conventions. */
function httpAttributes(head: RequestHead, route: string | undefined): Attributes {
  const method = head.getCaseSensitiveMethod();
  const agent = head.getHeader('user-agent');
  return {
    ...(methods.has(method)
      ? { 'http.request.method': method }
      : { 'http.request.method': '_OTHER', 'http.request.method_original': method.slice(0, mostOfHeader) }),
    'url.scheme': 'http',
    'url.path': head.getUrl().slice(0, mostOfHeader),
    ...(route === undefined ? {} : { 'http.route': route }),
    ...(agent === '' ? {} : { 'user_agent.original': agent.slice(0, mostOfHeader) }),
  };
}

/** Makes the traces of one server's requests. JS thread. */
export class ServerTracing {
  readonly #tracer: Tracer;
  readonly #provider: BasicTracerProvider | undefined;
  readonly #settings: ResolvedTracing;
  readonly #clock = new SpanClock();
  readonly #loads = new ModelLoads();
  #closed: Promise<void> | undefined;

  /** `provider`: one that ends with this; undefined for somebody else's. */
  constructor(tracer: Tracer, provider: BasicTracerProvider | undefined, settings: ResolvedTracing) {
    this.#tracer = tracer;
    this.#provider = provider;
    this.#settings = settings;
  }

  /** `pattern`: what the server matched its path with. REQUIRES: inside the handler that got the request. */
  beginRequest(head: RequestHead, pattern: string, requestId: string): RequestTrace {
    const route = routeOf(pattern);
    const attributes: Attributes = { ...httpAttributes(head, route), 'inferno.request.id': requestId };
    const method = String(attributes['http.request.method']);
    const name = [method === '_OTHER' ? 'HTTP' : method, ...(route === undefined ? [] : [route])].join(' ');
    const parent = parseTraceparent(head.getHeader('traceparent'), head.getHeader('tracestate'));
    return this.#begin(name, SpanKind.SERVER, performance.now(), { parent, attributes }, true);
  }

  /** A request that came as a message on a WebSocket. */
  beginMessage(path: string, { type, requestId, traceparent, tracestate }: MessageFacts): RequestTrace {
    const attributes = {
      'network.protocol.name': 'websocket',
      'url.path': path,
      'inferno.request.id': requestId,
    };
    const parent = parseTraceparent(traceparent, tracestate);
    return this.#begin(`${type} ${path}`, SpanKind.SERVER, performance.now(), { parent, attributes });
  }

  /** An attempt to answer in the background. The request that asked for it is long over, so it is linked to. */
  beginBackground({ id, endpoint, attempt, traceparent }: BackgroundFacts): RequestTrace {
    const origin = traceparent === undefined ? undefined : parseTraceparent(traceparent, '');
    const attributes = { 'inferno.background.id': id, 'inferno.background.attempt': attempt };
    return this.#begin(`background ${endpoint}`, SpanKind.CONSUMER, performance.now(), {
      attributes,
      ...(origin === undefined ? {} : { link: origin }),
    });
  }

  readonly modelLoaded = (load: EndedLoad): void => {
    const { modelId, startedMs, endedMs, errorCode } = load;
    const [startUs, endUs] = [engineClockUs(startedMs), engineClockUs(endedMs)];
    const writer = new SpanWriter(this.#tracer, this.#clock.offsetUs(engineClockUs(performance.now())));
    const attributes = { 'gen_ai.request.model': modelId };
    const parent = this.#loads.firstWaiting(modelId)?.context ?? contextUnder(undefined);
    const span = writer.write({ name: `load ${modelId}`, startUs, endUs, attributes, errorCode }, parent);
    this.#loads.loaded(load, span.spanContext());
  };

  /** Waits for the last spans to be delivered, but not for long. */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#provider === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#settings.flushTimeoutMs);
    });
    // What goes wrong with the last batch was said by the exporter's watcher.
    await Promise.race([this.#provider.shutdown().catch(() => undefined), patience]);
    clearTimeout(timer);
  }

  #begin(
    name: string,
    kind: SpanKind,
    startedMs: number,
    given: { readonly parent?: SpanContext | undefined; readonly link?: SpanContext; readonly attributes: Attributes },
    isHttp = false,
  ): RequestTrace {
    const startUs = engineClockUs(startedMs);
    const writer = new SpanWriter(this.#tracer, this.#clock.offsetUs(engineClockUs(performance.now())));
    const links = given.link === undefined ? {} : { links: [{ context: given.link }] };
    const rest = { kind, attributes: given.attributes, ...links };
    const span = writer.start(name, startUs, contextUnder(given.parent), rest);
    const { captureContent } = this.#settings;
    return new RequestTrace(span, startUs, { writer, loads: this.#loads, captureContent, isHttp });
  }
}

export async function startTracing(settings: ResolvedTracing): Promise<ServerTracing> {
  const { source, onWarning } = settings;
  if ('tracer' in source) return new ServerTracing(source.tracer, undefined, settings);
  const { createProvider } = await import('./span-provider.js');
  const provider = createProvider(source.sdk, onWarning);
  return new ServerTracing(provider.getTracer('inferno-ai', packageVersion), provider, settings);
}
