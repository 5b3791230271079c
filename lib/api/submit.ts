import { callNative } from '../errors.js';
import type { NativeGenerationRequest, NativeGenerator } from '../native-types.js';
import type { EventDrain } from './event-drain.js';
import type { TokenSink, TokenStream } from './token-sink.js';
import type { QueuePosition } from './types.js';

/** Holds the model, so that one with a running generation is not collected. */
class NativeTokenStream implements TokenStream {
  readonly #native: NativeGenerator;
  readonly #generation: number;

  constructor(native: NativeGenerator, generation: number) {
    this.#native = native;
    this.#generation = generation;
  }

  cancel(): void {
    this.#native.cancel(this.#generation);
  }

  pause(): void {
    this.#native.pause(this.#generation);
  }

  resume(): void {
    this.#native.resume(this.#generation);
  }

  position(): QueuePosition | undefined {
    return callNative(() => this.#native.queuePosition(this.#generation));
  }
}

/** Queues a generation whose events go to `sink`, in later turns of this thread. */
export function submitGeneration(
  native: NativeGenerator,
  drain: EventDrain,
  request: NativeGenerationRequest,
  sink: TokenSink,
): TokenStream {
  const generation = callNative(() => native.submit(request));
  drain.subscribe(generation, sink);
  return new NativeTokenStream(native, generation);
}
