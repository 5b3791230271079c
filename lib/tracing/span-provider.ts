import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { packageVersion } from '../version.js';
import type { OwnSdk } from './tracing-options.js';
import { WatchedExporter } from './watched-exporter.js';

/** The environment goes over what is built in, and an option over both. */
function resourceOf(serviceName: string | undefined): Resource {
  const ours = resourceFromAttributes({ 'service.name': 'inferno', 'service.version': packageVersion });
  const resource = defaultResource()
    .merge(ours)
    .merge(detectResources({ detectors: [envDetector] }));
  return serviceName === undefined ? resource : resource.merge(resourceFromAttributes({ 'service.name': serviceName }));
}

function processorOf({ exporter, url, headers }: OwnSdk, onWarning: (sentence: string) => void): SpanProcessor {
  // Whoever looks at a terminal wants to see a span when it ends.
  if (exporter === 'console') return new SimpleSpanProcessor(new ConsoleSpanExporter());
  const target =
    exporter === 'otlp'
      ? new OTLPTraceExporter({
          ...(url === undefined ? {} : { url }),
          ...(headers === undefined ? {} : { headers: { ...headers } }),
        })
      : exporter;
  const where = url === undefined ? '' : ` to ${new URL(url).origin}`;
  const watched = new WatchedExporter(target, (reason) => {
    onWarning(
      `Spans cannot be delivered${where} (${reason}). Those that find no room are dropped; requests are not affected. This is said once.`,
    );
  });
  // Holds 2,048 ended spans at most and drops what comes beyond (OTEL_BSP_MAX_QUEUE_SIZE).
  return new BatchSpanProcessor(watched);
}

/** Not registered as the process's global one: the program around a server may have its own. */
export function createProvider(sdk: OwnSdk, onWarning: (sentence: string) => void): BasicTracerProvider {
  const { sampleRatio, serviceName } = sdk;
  return new BasicTracerProvider({
    resource: resourceOf(serviceName),
    spanProcessors: [processorOf(sdk, onWarning)],
    ...(sampleRatio === undefined
      ? {}
      : { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }) }),
  });
}
