/** A loaded model of this process as the load generator's other end: the typed API, without a server. */
import type { Model } from '../../api/model.js';
import type { Generation } from '../../api/generation.js';
import type { AnswerObserver, LoadRequest, OpenRequest, Transport } from '../load/transport.js';

class ModelExchange implements OpenRequest {
  readonly #generation: Generation;
  readonly #observer: AnswerObserver;
  #isCancelled = false;

  constructor(generation: Generation, observer: AnswerObserver) {
    this.#generation = generation;
    this.#observer = observer;
    void this.#read();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#generation.cancel();
  }

  async #read(): Promise<void> {
    let hasBytes = false;
    try {
      for await (const { text } of this.#generation) {
        if (this.#isCancelled) return;
        const at = performance.now();
        if (!hasBytes) this.#observer.onFirstByte(at);
        hasBytes = true;
        if (text !== '') this.#observer.onText(at);
      }
      const { usage } = await this.#generation.result;
      if (this.#isCancelled) return;
      this.#observer.onUsage(usage);
      this.#observer.onEnd(performance.now(), 0, undefined);
    } catch (error) {
      if (!this.#isCancelled) endFailed(this.#observer, error);
    }
  }
}

function endFailed(observer: AnswerObserver, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  observer.onEnd(performance.now(), 0, { kind: 'server', message });
}

const ended: OpenRequest = { cancel: () => undefined };

export class ModelTransport implements Transport {
  readonly name = 'in-process';
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  /** `fields` are `GenerationOptions`. */
  send({ prompt, maxTokens, fields }: LoadRequest, observer: AnswerObserver): OpenRequest {
    observer.onSent(performance.now());
    try {
      const options = { maxTokens, temperature: 0, ignoreEos: true, ...fields };
      return new ModelExchange(this.#model.complete(prompt, options), observer);
    } catch (error) {
      endFailed(observer, error);
      return ended;
    }
  }

  /** The model belongs to who loaded it. */
  close(): void {
    return undefined;
  }
}
