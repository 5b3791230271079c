import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { ServerOptions, TracingOptions } from '../server/index.js';
import { nonEmpty, numberIn } from './option-parsers.js';
import { note } from './output.js';

/** The flags that switch tracing on and say where the spans go. */
export interface TracingFlags {
  readonly otelEndpoint?: string;
  readonly otelHeader?: Readonly<Record<string, string>>;
  readonly otelSample?: number;
  readonly otelServiceName?: string;
  readonly otelConsole?: boolean;
  readonly otelCaptureContent?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function url(value: string): string {
  if (URL.canParse(value) && /^https?:$/u.test(new URL(value).protocol)) return value;
  throw new InvalidArgumentError(`Expected an http or https URL but received "${value}".`);
}

function header(value: string, earlier: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const [, name, content] = /^([!#$%&'*+.^`|~\w-]+)\s*[=:]\s*(.+)$/u.exec(value) ?? [];
  // Not what was given: it may be a key.
  if (name === undefined || content === undefined) throw new InvalidArgumentError('Expected NAME=VALUE.');
  return { ...earlier, [name]: content };
}

export function addTracingFlags(command: Command): Command {
  return command
    .option(
      '--otel-endpoint <url>',
      'send OpenTelemetry spans to this collector; default: OTEL_EXPORTER_OTLP_ENDPOINT',
      url,
    )
    .option('--otel-header <name=value>', 'send this header to the collector (repeatable)', header)
    .option('--otel-sample <ratio>', 'record this share of the traces that begin here, 0 to 1', numberIn(0, 1))
    .option(
      '--otel-service-name <name>',
      'name of this service in spans; default: OTEL_SERVICE_NAME or inferno',
      nonEmpty,
    )
    .option('--otel-console', 'print spans instead of sending them')
    .option('--otel-capture-content', 'spans carry prompts and answers');
}

/** The first of these variables that says something. */
function firstOf(environment: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => environment[name]?.trim()).find((value) => value !== undefined && value !== '');
}

/** What the environment chooses; undefined for nothing, as by default. */
function exporterFrom(environment: Environment): 'otlp' | 'console' | undefined {
  const chosen = firstOf(environment, 'OTEL_TRACES_EXPORTER');
  if (chosen === 'otlp' || chosen === 'console') return chosen;
  if (chosen !== undefined) {
    if (chosen !== 'none')
      note(`warning: OTEL_TRACES_EXPORTER is "${chosen}", but only otlp, console and none are known.`);
    return undefined;
  }
  const endpoint = firstOf(environment, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT');
  return endpoint === undefined ? undefined : 'otlp';
}

/** Nothing unless one of the flags was given or the environment names a collector. */
export function tracingFrom(
  flags: TracingFlags,
  environment: Environment = process.env,
): Pick<ServerOptions, 'tracing'> {
  const { otelEndpoint, otelHeader, otelSample, otelServiceName, otelConsole, otelCaptureContent } = flags;
  const given: TracingOptions = {
    ...(otelEndpoint === undefined ? {} : { endpoint: otelEndpoint }),
    ...(otelHeader === undefined ? {} : { headers: otelHeader }),
    ...(otelSample === undefined ? {} : { sampleRatio: otelSample }),
    ...(otelServiceName === undefined ? {} : { serviceName: otelServiceName }),
    ...(otelCaptureContent === undefined ? {} : { captureContent: otelCaptureContent }),
  };
  const isAsked = otelConsole === true || Object.keys(given).length > 0;
  const chosen = isAsked ? undefined : exporterFrom(environment);
  if (!isAsked && chosen === undefined) return {};
  const exporter = otelConsole === true ? 'console' : (chosen ?? 'otlp');
  const onWarning = (sentence: string): void => {
    note(`warning: ${sentence}`);
  };
  return { tracing: { exporter, ...given, onWarning } };
}
