import { GatheredAnswer } from '../api/gathered-answer.js';
import type { AnswerDelta, GenerationEnd, TokenSink } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import type { WholeChoice } from './answer-format.js';
import type { AnswerTarget } from './answer-target.js';
import type { ErrorReply } from './error-response.js';
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

/** Mean log probability of the tokens: long choices are not worse for being long. */
function likelihood({ logprobs = [] }: WholeChoice): number {
  return logprobs.reduce((sum, { logprob }) => sum + logprob, 0) / Math.max(1, logprobs.length);
}

/** The best choices of each prompt, numbered anew. */
function bestOf(choices: readonly WholeChoice[], { best, choicesPerPrompt }: GenerationPlan): readonly WholeChoice[] {
  if (best === undefined) return choices;
  const kept: WholeChoice[] = [];
  for (let first = 0; first < choices.length; first += choicesPerPrompt) {
    const ranked = choices.slice(first, first + choicesPerPrompt).sort((a, b) => likelihood(b) - likelihood(a));
    kept.push(...ranked.slice(0, best.keptPerPrompt));
  }
  return kept.map((choice, index) => ({
    ...choice,
    index,
    logprobs: best.showLogprobs ? choice.logprobs : undefined,
  }));
}

/** An answer sent in one piece when every choice has ended. REQUIRES: an exchange is registered, nothing sent. */
export function answerWhole(exchange: AnswerTarget, plan: GenerationPlan): void {
  const fail = (reply: ErrorReply): void => {
    exchange.sendError(reply);
  };
  const group = new GenerationGroup(exchange, plan, fail);
  const choices: WholeChoice[] = [];
  const onEnd = (choice: GatheredChoice, end: GenerationEnd): void => {
    const outcome = group.ended(choice.index, end, fail);
    if (outcome === 'failed') return;
    const { index, text, logprobs, gathered } = choice;
    const { reasoning, toolCalls } = gathered;
    choices[index] = { index, text, reasoning, toolCalls, logprobs, finishReason: outcome.reason, end };
    if (!outcome.isLast) return;
    const json = plan.format.whole(bestOf(choices, plan), group.usage);
    exchange.sendJson(200, json, [exchange.processingHeader()]);
  };
  group.start((index) => new GatheredChoice(index, onEnd));
}
