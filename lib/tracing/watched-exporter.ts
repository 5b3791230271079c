import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum's package is no dependency of ours
const failed: ExportResult['code'] = 1;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it said no reason';
  const { code, message, name } = error as Error & { readonly code?: unknown };
  const said = message === '' ? name : message;
  return typeof code === 'string' && !said.includes(code) ? `${code}: ${said}` : said;
}

/** Hands spans on and says once when they are not taken: the SDK drops them without a word. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #onFirstFailure: (reason: string) => void;
  #hasFailed = false;

  constructor(exporter: SpanExporter, onFirstFailure: (reason: string) => void) {
    this.#exporter = exporter;
    this.#onFirstFailure = onFirstFailure;
  }

  export(spans: ReadableSpan[], onResult: (result: ExportResult) => void): void {
    try {
      this.#exporter.export(spans, (result) => {
        if (result.code === failed) this.#report(result.error);
        onResult(result);
      });
    } catch (error) {
      this.#report(error);
      onResult({ code: failed, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  #report(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onFirstFailure(reasonOf(error));
  }
}
