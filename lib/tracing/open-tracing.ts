import type { ServerTracing } from './server-tracing.js';
import { resolveTracing } from './tracing-options.js';
import type { TracingOptions } from './tracing-options.js';

/**
 * Undefined, and nothing is loaded, unless tracing is asked for.
 *
 * @throws RangeError or TypeError for options that cannot be.
 */
export async function openTracing(options: TracingOptions | undefined): Promise<ServerTracing | undefined> {
  if (options === undefined) return undefined;
  const resolved = resolveTracing(options, process.env);
  if (resolved === undefined) return undefined;
  // Here, so that a server without tracing loads none of the OpenTelemetry packages.
  const { startTracing } = await import('./server-tracing.js');
  return startTracing(resolved);
}
