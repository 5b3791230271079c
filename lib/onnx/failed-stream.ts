import { InfernoError } from '../errors.js';
import { noTokens } from '../api/no-tokens.js';
import type { TokenSink, TokenStream } from '../api/token-sink.js';

const endedStream: TokenStream = {
  cancel: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  position: () => undefined,
};

const noTime = { tokenizeMs: 0, queueMs: 0, prefillMs: 0, decodeMs: 0, detokenizeMs: 0 };

/**
 * Submits a generation. A prompt is rendered and tokenized when it is submitted; what fails then comes as the end of the
 * generation, as it does with engines that do this later.
 */
export function failedStream(submit: () => TokenStream, sink: TokenSink): TokenStream {
  try {
    return submit();
  } catch (error) {
    if (!InfernoError.isInstance(error)) throw error;
    const now = Number(process.hrtime.bigint() / 1000n);
    queueMicrotask(() => {
      sink.onEnd({
        stopReason: 'error',
        usage: noTokens,
        timings: noTime,
        toolCalls: 0,
        moments: { submittedUs: now, firstTokenUs: 0, endedUs: now },
        preemptions: 0,
        error: { code: error.code, message: error.message },
      });
    });
    return endedStream;
  }
}
