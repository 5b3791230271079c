import type { NativeEmbeddings } from '../native-types.js';
import { errorReply, outcomeReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { Exchange, ExchangeWork } from './exchange.js';
import type { ServedModel } from './model-catalog.js';

function replyOf(thrown: unknown): ErrorReply {
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && typeof message === 'string' ? outcomeReply(code, message) : thrownReply(thrown);
}

/** Embeddings that are being computed for a request. They count like one generation. */
export class EmbeddingWork implements ExchangeWork {
  readonly #exchange: Exchange;
  readonly #served: ServedModel;
  readonly #normalize: boolean;
  #cancel: () => void = () => undefined;

  /** REQUIRES: the exchange is registered, nothing sent. */
  constructor(exchange: Exchange, served: ServedModel, normalize = true) {
    this.#exchange = exchange;
    this.#served = served;
    this.#normalize = normalize;
  }

  /** Computes vectors, of unit length unless told otherwise, and calls `answer` with them; or answers with the error that prevents it. */
  start(inputs: readonly (string | Int32Array)[], answer: (result: NativeEmbeddings) => void): void {
    const { admission, exchanges } = this.#exchange.context;
    if (admission.isFull) {
      this.#exchange.sendError(errorReply('queue_full', 'The server has as much work as it accepts.'));
      return;
    }
    const { model } = this.#served;
    if (model.startEmbedding === undefined) {
      this.#exchange.sendError(errorReply('embedding_unsupported', 'This model cannot produce embeddings.', 'model'));
      return;
    }
    const { promise, cancel } = model.startEmbedding(inputs, this.#normalize);
    this.#cancel = cancel;
    this.#served.begin();
    exchanges.generations++;
    this.#exchange.setWork(this);
    const traced = this.#exchange.trace?.startEmbeddings(this.#served.id);
    const ended = (): void => {
      exchanges.generations--;
      this.#served.end();
    };
    promise.then(
      (result) => {
        ended();
        traced?.(result.tokens);
        if (this.#exchange.isOpen) answer(result);
      },
      (error: unknown) => {
        ended();
        const reply = replyOf(error);
        traced?.(0, reply.code);
        this.#exchange.sendError(reply);
      },
    );
  }

  cancel(): void {
    this.#cancel();
  }

  pause(): void {
    // It is computed in one piece.
  }

  resume(): void {
    // It was not paused.
  }
}
