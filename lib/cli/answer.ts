import type { TextModel } from './text-model.js';
import type { Generation } from '../api/generation.js';
import type { ChatMessage, GenerationResult } from '../api/types.js';
import { InterruptedError } from './cli-error.js';
import type { GenerationFlags } from './generation-flags.js';
import type { ModelChoice } from './model-choice.js';
import { dim, note, printJson, writeAnswer } from './output.js';
import { onStopSignal } from './signals.js';

export interface OneRequest {
  readonly prompt: string;
  readonly system: string | undefined;
  readonly raw: boolean;
  readonly generation: GenerationFlags;
}

/** "42 tokens, 180.3 tokens/s", and why it ended where the reader might wonder. */
export function describeResult(result: GenerationResult): string {
  const { completionTokens } = result.usage;
  const { decodeMs } = result.timings;
  const parts = [`${String(completionTokens)} ${completionTokens === 1 ? 'token' : 'tokens'}`];
  // The first token belongs to the prompt's own pass, so one token alone has no decode speed.
  if (completionTokens > 1 && decodeMs > 0) {
    parts.push(`${(((completionTokens - 1) * 1000) / decodeMs).toFixed(1)} tokens/s`);
  }
  if (result.stopReason === 'length') parts.push('cut at the token limit');
  return parts.join(', ');
}

/** Streams an answer to stdout and returns the finished result. */
export async function streamAnswer(generation: Generation): Promise<GenerationResult> {
  for await (const part of generation) writeAnswer(part.text);
  return generation;
}

function start(model: TextModel, request: OneRequest, signal: AbortSignal): Generation {
  const options = { ...request.generation, signal };
  if (request.raw) return model.complete(request.prompt, options);
  const messages: ChatMessage[] = [{ role: 'user', content: request.prompt }];
  if (request.system !== undefined) messages.unshift({ role: 'system', content: request.system });
  return model.chat(messages, options);
}

function printResultJson(choice: ModelChoice, result: GenerationResult): void {
  printJson({ model: choice.id, ...result });
}

/** One prompt, one answer. Ctrl-C ends it with 130. */
export async function answerOnce(
  model: TextModel,
  choice: ModelChoice,
  request: OneRequest,
  json: boolean,
): Promise<void> {
  const abort = new AbortController();
  let exitCode: number | undefined;
  const release = onStopSignal((code) => {
    exitCode = code;
    abort.abort();
  });
  try {
    const generation = start(model, request, abort.signal);
    const result = json ? await generation : await streamAnswer(generation);
    if (json) {
      printResultJson(choice, result);
      return;
    }
    if (!result.text.endsWith('\n')) writeAnswer('\n');
    if (process.stderr.isTTY) note(dim(describeResult(result)));
  } catch (error) {
    if (exitCode === undefined) throw error;
    if (!json) writeAnswer('\n');
    throw new InterruptedError(exitCode);
  } finally {
    release();
  }
}
