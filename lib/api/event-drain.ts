import { EVENT_STRIDE, EventField, EventKind } from '../native-types.js';
import type { NativeGenerationEnd, NativeGenerator } from '../native-types.js';
import type { GenerationEnd, TokenSink } from './token-sink.js';
import type { TokenLogprob } from './types.js';

const recordCapacity = 4096;
const textCapacity = 1 << 20;

/** What `toString` of a Buffer ends up in, without its checks; missing from Node's type declarations. */
interface SliceDecoder {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** A running generation's sink, and the last drain that touched it, so that it is flushed once in that drain. */
class Subscription {
  touchedBy = 0;

  constructor(
    readonly generation: number,
    public sink: TokenSink,
  ) {}
}

/** Takes the place of a sink that threw, until the end of its generation comes. */
const deafSink: TokenSink = { onText: () => undefined, onEnd: () => undefined };

function toGenerationEnd(end: NativeGenerationEnd): GenerationEnd {
  const { reason, stopSequence, promptTokens, cachedTokens, completionTokens, reasoningTokens, error } = end;
  const { draftedTokens, acceptedTokens } = end;
  return {
    stopReason: reason,
    ...(stopSequence === undefined ? {} : { stopSequence }),
    usage: { promptTokens, cachedTokens, completionTokens, reasoningTokens, draftedTokens, acceptedTokens },
    timings: {
      tokenizeMs: end.tokenizeUs / 1000,
      queueMs: end.queueUs / 1000,
      prefillMs: end.prefillUs / 1000,
      decodeMs: end.decodeUs / 1000,
      detokenizeMs: end.detokenizeUs / 1000,
    },
    moments: { submittedUs: end.submittedUs, firstTokenUs: end.firstTokenUs, endedUs: end.endedUs },
    preemptions: end.preemptions,
    toolCalls: end.toolCalls,
    ...(error === undefined ? {} : { error }),
  };
}

/**
 * Hands a model's events to their sinks. The engine fills two arrays and calls once for all streams; this is the hottest
 * code in JS, so it makes nothing per record but the text itself.
 */
export class EventDrain {
  /** Weak: the addon keeps this drain alive through its sink, which must not keep a model alive that nobody holds. */
  readonly #native: WeakRef<NativeGenerator>;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #touched: Subscription[] = [];
  readonly #records = new Int32Array(recordCapacity * EVENT_STRIDE);
  readonly #text = Buffer.allocUnsafeSlow(textCapacity) as Buffer & SliceDecoder;
  #drains = 0;

  constructor(native: NativeGenerator) {
    this.#native = new WeakRef(native);
    const drain = (count: number): void => {
      this.#drain(count);
    };
    native.setEventSink(drain, this.#records, this.#text);
  }

  /** To be called right after `submit`: events are drained in later turns of this thread only. */
  subscribe(generation: number, sink: TokenSink): void {
    this.#subscriptions.set(generation, new Subscription(generation, sink));
  }

  #drain(count: number): void {
    const records = this.#records;
    const drain = ++this.#drains;
    const end = count * EVENT_STRIDE;
    for (let at = 0; at < end; at += EVENT_STRIDE) {
      const subscription = this.#subscriptions.get(records[at + EventField.generation] ?? 0);
      if (subscription === undefined) continue;
      if (subscription.touchedBy !== drain) {
        subscription.touchedBy = drain;
        this.#touched.push(subscription);
      }
      try {
        this.#deliver(at, subscription);
      } catch (error) {
        this.#silence(subscription, error);
      }
    }
    this.#flush();
  }

  #deliver(at: number, subscription: Subscription): void {
    const records = this.#records;
    const kind = records[at + EventField.kind];
    if (kind === EventKind.end) {
      this.#subscriptions.delete(subscription.generation);
      subscription.sink.onEnd(toGenerationEnd(this.#beside(at) as NativeGenerationEnd));
      return;
    }
    const start = records[at + EventField.textOffset] ?? 0;
    const end = start + (records[at + EventField.textLength] ?? 0);
    const isAscii = records[at + EventField.ascii] === 1;
    const text = isAscii ? this.#text.latin1Slice(start, end) : this.#text.utf8Slice(start, end);
    const beside = records[at + EventField.auxLength] === 0 ? undefined : this.#beside(at);
    const tokens = records[at + EventField.tokens] ?? 0;
    const { sink } = subscription;
    if (kind === EventKind.text) {
      sink.onText(text, tokens, beside as TokenLogprob[] | undefined);
      return;
    }
    const call = records[at + EventField.call] ?? 0;
    if (kind === EventKind.toolCall) {
      sink.onDelta?.({ kind: 'call', call, id: beside as string, name: text }, tokens, undefined);
      return;
    }
    const delta =
      kind === EventKind.reasoning
        ? ({ kind: 'reasoning', text } as const)
        : ({ kind: 'arguments', call, text } as const);
    sink.onDelta?.(delta, tokens, beside as TokenLogprob[] | undefined);
  }

  /** The JSON beside a record's text. */
  #beside(at: number): unknown {
    const start = this.#records[at + EventField.auxOffset] ?? 0;
    return JSON.parse(this.#text.utf8Slice(start, start + (this.#records[at + EventField.auxLength] ?? 0)));
  }

  #flush(): void {
    for (const subscription of this.#touched) {
      try {
        subscription.sink.onFlush?.();
      } catch (error) {
        this.#silence(subscription, error);
      }
    }
    this.#touched.length = 0;
  }

  /** A sink that throws has a bug: its error is reported as uncaught, and the other streams lose nothing. */
  #silence(subscription: Subscription, error: unknown): void {
    subscription.sink = deafSink;
    this.#native.deref()?.cancel(subscription.generation);
    queueMicrotask(() => {
      throw error;
    });
  }
}
