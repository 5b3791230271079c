import { isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api';
import type { TokenSink } from '../api/token-sink.js';
import type { NativeGenerationRequest } from '../native-types.js';
import { engineClockUs } from '../profile/request-recorder.js';
import { mostCharacters } from './captured-content.js';
import { Inference } from './inference.js';
import type { ModelLoads } from './model-loads.js';
import { fail } from './span-writer.js';
import type { EndedSpan, SpanWriter } from './span-writer.js';
import { traceparentOf } from './trace-context.js';
import { WatchedSink } from './watched-sink.js';

export interface TraceSettings {
  readonly writer: SpanWriter;
  readonly loads: ModelLoads;
  readonly captureContent: boolean;
  /** Its answer has an HTTP status of its own. */
  readonly isHttp: boolean;
}

/** Work that is not a generation, by OpenTelemetry's name where it has one. */
export type TracedOperation = 'embeddings' | 'rerank' | 'classify' | 'infer';

/** What a plan says about its generations. */
export interface TracedPlan {
  readonly served: { readonly id: string };
  readonly choicesPerPrompt: number;
}

const firstClientError = 400;
const firstServerError = 500;
/** What the server counts requests under whose clients have left; never sent. */
const clientLeft = 499;
const nowUs = (): number => engineClockUs(performance.now());

/**
 * The trace of one request, from its headers to the last byte of its answer and the last step of what it made the engine
 * do. Only the request's own span is open meanwhile; the spans within are written when it has ended, from times taken by
 * then, so that a request costs the same however long it runs. A request that is not sampled has ids and nothing else.
 */
export class RequestTrace {
  readonly spanContext: SpanContext;
  /** To be sent to whoever asked; undefined when a given tracer makes no spans. */
  readonly traceparent: string | undefined;
  readonly isSampled: boolean;
  readonly #span: Span;
  readonly #context: Context;
  readonly #settings: TraceSettings;
  readonly #startUs: number;
  readonly #waits: EndedSpan[] = [];
  #receivedUs: number | undefined;
  #inference: Inference | undefined;
  #work: EndedSpan | undefined;
  #isStreamed = false;
  /** Generations and the like that were started and have not ended. */
  #running = 0;
  #finishedUs: number | undefined;

  constructor(span: Span, startUs: number, settings: TraceSettings) {
    this.#span = span;
    this.#startUs = startUs;
    this.#settings = settings;
    this.#context = trace.setSpan(ROOT_CONTEXT, span);
    this.spanContext = span.spanContext();
    this.isSampled = span.isRecording();
    this.traceparent = isSpanContextValid(this.spanContext) ? traceparentOf(this.spanContext) : undefined;
  }

  /** Undefined when it is not recorded: nobody could find it by its id. */
  get traceId(): string | undefined {
    return this.isSampled ? this.spanContext.traceId : undefined;
  }

  /** The context under which its spans lie. */
  get context(): Context {
    return this.#context;
  }

  streams(): void {
    this.#isStreamed = true;
  }

  /** It waits for others to have ended. */
  dependsOn(dependency: SpanContext | undefined): void {
    if (dependency !== undefined) this.#span.addLink({ context: dependency });
  }

  /** The returned function says that the wait is over; it may be called again. */
  waitForDependencies(): () => void {
    return this.#wait('wait for dependencies', () => ({}));
  }

  /** The same, for a model that is not loaded. */
  waitForModel(modelId: string): () => void {
    const { loads } = this.#settings;
    if (!this.isSampled) return () => undefined;
    const startUs = nowUs();
    loads.begin(modelId, this);
    return this.#wait('wait for model', () => {
      loads.end(modelId, this);
      const links = loads.linksOf(modelId, startUs, this.spanContext.traceId);
      return { attributes: { 'gen_ai.request.model': modelId }, links };
    });
  }

  /** The sink that a generation of it is to have. */
  watch(index: number, request: NativeGenerationRequest, plan: TracedPlan, sink: TokenSink): TokenSink {
    if (!this.isSampled) return sink;
    const { served, choicesPerPrompt } = plan;
    const inference = (this.#inference ??= new Inference({
      modelId: served.id,
      choicesPerPrompt,
      isStreamed: this.#isStreamed,
    }));
    return new WatchedSink(sink, this.#settings.captureContent ? mostCharacters : 0, (end, text) => {
      inference.add({ index, request, end, text });
      this.#workEnded();
    });
  }

  /** What `watch` was called for was submitted: its end will come. */
  submitted(): void {
    if (this.isSampled) this.#running++;
  }

  /** The returned function takes how they came out. */
  startWork(operation: TracedOperation, modelId: string): (tokens: number, errorCode?: string) => void {
    if (!this.isSampled) return () => undefined;
    const startUs = nowUs();
    this.#running++;
    return (tokens, errorCode) => {
      const attributes: Attributes = {
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': 'inferno',
        'gen_ai.request.model': modelId,
        'gen_ai.response.model': modelId,
        'gen_ai.usage.input_tokens': tokens,
      };
      this.#work = { name: `${operation} ${modelId}`, startUs, endUs: nowUs(), attributes, errorCode };
      this.#workEnded();
    };
  }

  /**
   * Answered in full, or given up: 499 when its client has left. `errorCode`: the answer is that error, or ended with it.
   * Only the first call counts.
   */
  finish(status: number | undefined, errorCode: string | undefined): void {
    if (this.#finishedUs !== undefined || !this.isSampled) return;
    this.#finishedUs = nowUs();
    this.#conclude(status, errorCode);
    if (this.#running === 0) this.#write(this.#finishedUs);
  }

  #wait(name: string, facts: () => { readonly attributes?: Attributes; readonly links?: Link[] }): () => void {
    if (!this.isSampled) return () => undefined;
    const startUs = nowUs();
    this.#receivedUs ??= startUs;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#waits.push({ name, startUs, endUs: nowUs(), ...facts() });
    };
  }

  #workEnded(): void {
    this.#running--;
    if (this.#running === 0 && this.#finishedUs !== undefined) this.#write(this.#finishedUs);
  }

  /** What was cancelled ends a step of the engine after its request: that still belongs to it. */
  #write(finishedUs: number): void {
    const { writer } = this.#settings;
    const [inference, other] = [this.#inference, this.#work];
    const hasGenerated = inference?.isEmpty === false;
    const work = hasGenerated ? inference : other;
    const endUs = Math.max(finishedUs, work?.endUs ?? 0);
    const receivedUs = Math.max(this.#startUs, this.#receivedUs ?? work?.startUs ?? finishedUs);
    writer.write({ name: 'receive', startUs: this.#startUs, endUs: receivedUs }, this.#context);
    for (const wait of this.#waits) writer.write(wait, this.#context);
    if (hasGenerated) inference.write(writer, this.#context);
    if (other !== undefined) writer.write(other, this.#context);
    if (work !== undefined && work.endUs < finishedUs) {
      writer.write({ name: 'serialize', startUs: work.endUs, endUs: finishedUs }, this.#context);
    }
    writer.end(this.#span, endUs);
  }

  #conclude(status: number | undefined, errorCode: string | undefined): void {
    const wasLeft = status === clientLeft || errorCode === 'cancelled';
    if (status !== undefined && !wasLeft && this.#settings.isHttp) {
      this.#span.setAttribute('http.response.status_code', status);
    }
    const isWrong = errorCode !== undefined || (status !== undefined && status >= firstClientError);
    if (!isWrong) return;
    const code = wasLeft ? 'cancelled' : (errorCode ?? String(status));
    // That a request is wrong, or its client has left, is no failure of the server; an error behind a good status is one.
    const isTheirs = status !== undefined && status >= firstClientError && status < firstServerError;
    if (wasLeft || isTheirs) this.#span.setAttribute('error.type', code);
    else fail(this.#span, code);
  }
}
