import { GatheredAnswer } from '../api/gathered-answer.js';
import type { AnswerDelta, GenerationEnd, TokenSink } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import type { WholeChoice } from './answer-format.js';
import type { AnswerTarget } from './answer-target.js';
import { GenerationGroup } from './generation-group.js';
import type { GenerationPlan } from './generation-group.js';

/** Gathers one choice of an answer that is sent whole. */
class GatheredChoice implements TokenSink {
  readonly #onEnd: (choice: GatheredChoice, end: GenerationEnd) => void;
  readonly index: number;
  readonly gathered = new GatheredAnswer();
  text = '';
  logprobs: TokenLogprob[] | undefined;

  constructor(index: number, onEnd: (choice: GatheredChoice, end: GenerationEnd) => void) {
    this.index = index;
    this.#onEnd = onEnd;
  }

  onText(text: string, _tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.text += text;
    if (logprobs !== undefined) (this.logprobs ??= []).push(...logprobs);
  }

  onDelta(delta: AnswerDelta, _tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.gathered.add(delta);
    if (logprobs !== undefined) (this.logprobs ??= []).push(...logprobs);
  }

  onEnd(end: GenerationEnd): void {
    this.#onEnd(this, end);
  }
}

/** An answer sent in one piece when every choice has ended. REQUIRES: an exchange is registered, nothing sent. */
export function answerWhole(exchange: AnswerTarget, plan: GenerationPlan): void {
  const group = new GenerationGroup(exchange, plan);
  const choices: WholeChoice[] = [];
  const onEnd = (choice: GatheredChoice, end: GenerationEnd): void => {
    const outcome = group.ended(choice.index, end, (reply) => {
      exchange.sendError(reply);
    });
    if (outcome === 'failed') return;
    const { index, text, logprobs, gathered } = choice;
    const { reasoning, toolCalls } = gathered;
    choices[index] = { index, text, reasoning, toolCalls, logprobs, finishReason: outcome.reason };
    if (outcome.isLast) exchange.sendJson(200, plan.format.whole(choices, group.usage), [exchange.processingHeader()]);
  };
  group.start((index) => new GatheredChoice(index, onEnd));
}
