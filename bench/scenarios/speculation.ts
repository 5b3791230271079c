/** Drafting by looking up what followed last time: what it gains where an answer repeats itself, and costs where not. */
import { alternate, between, type Bench, type Measured, type Scenario } from '../bench.js';
import type { StreamsResult } from '../client-protocol.js';
import type { Comparison } from '../comparison.js';
import { completionRequest } from '../completion-request.js';
import { decodeWork, tokensPerSecond } from '../decode-rate.js';
import type { BenchModel } from '../models.js';
import { infernoWith } from '../peers/inferno.js';
import { longText, wordTokens } from '../prompts.js';
import { foretoldShare } from '../repetition.js';
import type { ServerKind } from '../server-kind.js';
import { hangMs, onWarmServer } from '../server-trial.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'speculation';
const contextSize = 512;
const promptWords = 100;
const sides = { auto: '--speculation auto', off: '--speculation off' } as const;
const kinds = {
  auto: infernoWith(sides.auto, ['--speculation', 'auto']),
  off: infernoWith(sides.off, ['--speculation', 'off']),
};

interface Answers {
  readonly what: string;
  /**
   * A model with random weights repeats nothing by itself. Where only the words of the prompt are likely, its greedy
   * answer soon runs in circles, as a trained model's does.
   */
  readonly onlyWords: boolean;
  readonly bar: number;
  /** Whether the answer is what it is meant to be. */
  readonly fits: (share: number) => boolean;
}

const cases: readonly Answers[] = [
  { what: 'an answer that repeats itself', onlyWords: true, bar: 1, fits: (share) => share > 0.5 },
  { what: 'an answer that hardly repeats', onlyWords: false, bar: 0.97, fits: (share) => share < 0.3 },
];

/** Pushes the texts of the run's answers to `texts`. */
async function trial(
  bench: Bench,
  kind: ServerKind,
  model: BenchModel,
  { onlyWords, fits }: Answers,
  texts: string[],
): Promise<Measured> {
  const setup = { modelPath: model.path, parallel: 1, contextSize };
  const likely = onlyWords ? { likelyTokens: wordTokens } : {};
  return onWarmServer(bench, kind, setup, async ({ server, client }) => {
    const answer = async (prompt: string): Promise<StreamsResult> => {
      const requests = [completionRequest({ prompt, tokens: model.tokens, ...likely })];
      return client.streams({ port: server.port, requests, capMs: hangMs });
    };
    // How far to draft is learned from what was accepted.
    for (let round = 1; round <= (model.tiny ? 4 : 1); round++) await answer(longText(promptWords, -round));
    const work = [];
    let clientLoad = 0;
    for (let round = 1; round <= model.rounds; round++) {
      const prompt = longText(promptWords, round);
      const result = await answer(prompt);
      clientLoad = Math.max(clientLoad, result.clientLoad);
      work.push(decodeWork(result.streams, model.tokens));
      const text = result.streams[0]?.text ?? '';
      const share = foretoldShare(prompt, text);
      if (!fits(share)) throw new InvalidRun(`Of an answer ${(share * 100).toFixed(0)} % repeats what was before.`);
      texts.push(text);
    }
    return { value: tokensPerSecond(work), clientLoad };
  });
}

async function compare(bench: Bench, model: BenchModel, answers: Answers): Promise<Comparison[]> {
  const texts = { auto: [] as string[], off: [] as string[] };
  const results = await alternate(bench, `${name}, ${model.label}, ${answers.what}`, [
    { name: sides.auto, run: () => trial(bench, kinds.auto, model, answers, texts.auto) },
    { name: sides.off, run: () => trial(bench, kinds.off, model, answers, texts.off) },
  ]);
  const changed = texts.auto.filter((text, index) => text !== texts.off[index]).length;
  const row = { scenario: name, model: model.label };
  return [
    {
      ...row,
      what: `decode, ${answers.what}`,
      unit: 'tokens/s',
      ...between(results, sides.auto, sides.off),
      bar: { kind: 'ratio at least', value: answers.bar },
    },
    {
      ...row,
      what: `${answers.what}: another text than without drafts, of ${String(texts.auto.length)}`,
      unit: 'answers',
      subject: { name: sides.auto, values: [changed] },
      bar: { kind: 'at most', value: 0 },
    },
  ];
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const answers of cases) comparisons.push(...(await compare(bench, model, answers)));
  return comparisons;
}

export const speculation: Scenario = { name, models: ['160m', 'nano'], measure };
