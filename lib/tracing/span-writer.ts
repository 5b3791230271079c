import { SpanStatusCode } from '@opentelemetry/api';
import type { Attributes, Context, Link, Span, SpanKind, Tracer } from '@opentelemetry/api';
import { hrTimeOf } from './span-clock.js';

/** A span that has ended. Times in microseconds of the engine's clock. */
export interface EndedSpan {
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: Link[];
  readonly event?: { readonly name: string; readonly atUs: number };
  /** Makes it a failed one. */
  readonly errorCode?: string | undefined;
}

/** Marks a span as failed. The code only: messages may quote what somebody sent. */
export function fail(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

/** Writes the spans of one request, all placed on the wall clock by the same offset. */
export class SpanWriter {
  readonly #tracer: Tracer;
  readonly #offsetUs: number;

  constructor(tracer: Tracer, offsetUs: number) {
    this.#tracer = tracer;
    this.#offsetUs = offsetUs;
  }

  start(name: string, startUs: number, parent: Context, rest: Omit<EndedSpan, 'name' | 'startUs' | 'endUs'>): Span {
    const { kind, attributes, links } = rest;
    return this.#tracer.startSpan(
      name,
      {
        startTime: hrTimeOf(startUs + this.#offsetUs),
        ...(kind === undefined ? {} : { kind }),
        ...(attributes === undefined ? {} : { attributes }),
        ...(links === undefined ? {} : { links }),
      },
      parent,
    );
  }

  end(span: Span, endUs: number): void {
    span.end(hrTimeOf(endUs + this.#offsetUs));
  }

  write(ended: EndedSpan, parent: Context): Span {
    const { name, startUs, endUs, event, errorCode } = ended;
    const span = this.start(name, startUs, parent, ended);
    if (event !== undefined) span.addEvent(event.name, {}, hrTimeOf(event.atUs + this.#offsetUs));
    if (errorCode !== undefined) fail(span, errorCode);
    this.end(span, Math.max(startUs, endUs));
    return span;
  }
}
