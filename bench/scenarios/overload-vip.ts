/** All sequences are taken and others wait: how soon does a short vip request get its first token? */
import { alternate, between, type Bench, type Measured, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { completionRequest } from '../completion-request.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { longText } from '../prompts.js';
import type { ServerKind } from '../server-kind.js';
import { hangMs, onWarmServer } from '../server-trial.js';
import { InvalidRun, wholeAnswers, type WholeAnswer } from '../whole-answer.js';

const name = 'overload-vip';
const bar = { kind: 'at most', value: 150 } as const;
const parallel = 4;
const jobs = 12;
const contextSize = 512;
const jobWords = 16;
/** By then the first of them are under way, and none has ended. */
const vipAtMs = 1000;
const vip = { tier: 'vip', user: 'vip', prompt: longText(16), tokens: 16 } as const;

/** Otherwise the vip did not meet what is measured here. */
function requireOverload(background: readonly WholeAnswer[], at: number): void {
  const started = background.filter(({ firstTextAt }) => firstTextAt < at).length;
  const ended = background.filter(({ finishedAt }) => finishedAt < at).length;
  if (started >= parallel && ended === 0) return;
  throw new InvalidRun(`When the vip came, ${String(started)} jobs had begun and ${String(ended)} had ended.`);
}

async function vipTrial(bench: Bench, kind: ServerKind, model: BenchModel): Promise<Measured> {
  const { tokens } = model;
  const setup = { modelPath: model.path, parallel, contextSize };
  return onWarmServer(bench, kind, setup, async ({ server, client }) => {
    const background = Array.from({ length: jobs }, (_, job) => {
      const work = {
        tier: 'normal',
        user: `user-${String(job)}`,
        prompt: longText(jobWords, job + 2),
        tokens,
      } as const;
      return { atMs: 0, request: completionRequest(work) };
    });
    const requests = [...background, { atMs: vipAtMs, request: completionRequest(vip) }];
    const { answers, clientLoad } = await client.load({
      port: server.port,
      requests,
      atOnce: requests.length,
      capMs: hangMs,
    });
    const whole = wholeAnswers(answers, [...background.map(() => tokens), vip.tokens]);
    const last = whole.pop();
    if (last === undefined || last.text.trim() === '') throw new InvalidRun('The vip got an empty answer.');
    requireOverload(whole, last.sentAt);
    return { value: last.firstTextAt - last.sentAt, clientLoad };
  });
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const sides = [inferno, peer].map((kind) => ({ name: kind.name, run: () => vipTrial(bench, kind, model) }));
  const results = await alternate(bench, `${name}, ${model.label}`, sides);
  return [
    {
      scenario: name,
      model: model.label,
      what: `first token of a vip behind ${String(jobs)} jobs of ${String(model.tokens)} tokens on ${String(parallel)} sequences`,
      unit: 'ms',
      ...between(results, inferno.name, peer.name),
      bar,
    },
  ];
}

export const overloadVip: Scenario = { name, models: ['160m'], measure };
