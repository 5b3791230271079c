/** Clients that submit background work to a server that is killed under them, and remember everything it promised. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../../lib/bench/seeded-random.js';
import type { Background, BackgroundList } from '../server/background-server.js';
import type { TextAnswer } from '../server/openai-shapes.js';

const prompts = ['Once upon a time', 'Two plus three is', 'Inferno is', 'One, two, three, four, five,', 'Hello!'];

/** How many of the requests are looked at most. */
const newest = 12;
const longestPauseMs = 60;

/** One request, and what was heard of it. */
interface Promised {
  readonly prompt: string;
  readonly tokens: number;
  readonly key: string | undefined;
  /** Once it was acknowledged. */
  id: string | undefined;
  /** JSON of its answer, once one was seen. */
  answer: string | undefined;
}

export class BackgroundClients {
  readonly #random: SeededRandom;
  readonly #requests: Promised[] = [];
  /** Sent, and neither acknowledged nor refused. */
  readonly #unsure = new Set<Promised>();
  #url = '';
  /** Prompt tokens of each prompt, as an ordinary answer says. */
  readonly #promptTokens = new Map<string, number>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get acknowledged(): readonly (Promised & { readonly id: string })[] {
    return this.#requests.filter((request): request is Promised & { readonly id: string } => request.id !== undefined);
  }

  get answered(): number {
    return this.#requests.filter(({ answer }) => answer !== undefined).length;
  }

  /** Puts load on a server until it is gone. `mostRequests` of every client. */
  async use(url: string, clients: number, mostRequests: number): Promise<void> {
    this.#url = url;
    const submitters = Array.from({ length: clients }, () => this.#untilGone(() => this.#submit(), mostRequests));
    const readers = [() => this.#lookAgain(), () => this.#lookAgain(), () => this.#ask()].map((act) =>
      this.#untilGone(act, Infinity),
    );
    await Promise.all([...submitters, ...readers]);
  }

  /** Waits until everything that was acknowledged has its answer, and checks each. */
  async settle(url: string): Promise<void> {
    this.#url = url;
    for (const prompt of prompts) await this.#learn(prompt);
    // Whoever does not know whether he was heard asks again.
    for (const request of [...this.#unsure]) if (request.key !== undefined) await this.#send(request);
    for (const request of this.acknowledged) {
      while ((await this.#look(request)) !== 'completed') await delay(20);
    }
    for (const request of this.acknowledged) this.#check(request);
    // Also what the journal took and could not acknowledge any more.
    while (!(await this.#haveAllEnded())) await delay(20);
  }

  async #haveAllEnded(): Promise<boolean> {
    for (let after = ''; ;) {
      const response = await fetch(`${this.#url}/v1/background?limit=100${after}`);
      const { data, last_id, has_more } = (await response.json()) as BackgroundList;
      if (data.some(({ ended_at }) => ended_at === null)) return false;
      if (!has_more) return true;
      after = `&after=${String(last_id)}`;
    }
  }

  async #untilGone(act: () => Promise<unknown>, times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      try {
        await act();
      } catch (error) {
        if (error instanceof TypeError) return; // fetch's word for a connection that broke
        throw error;
      }
    }
  }

  async #submit(): Promise<void> {
    const repeated = this.#random.next() < 0.2 ? this.#pickRepeatable() : undefined;
    if (repeated !== undefined) {
      await this.#send(repeated);
      return;
    }
    const prompt = prompts[this.#random.integer(0, prompts.length - 1)] ?? '';
    const tokens = this.#random.integer(1, 40);
    const index = String(this.#requests.length);
    const key = this.#random.next() < 0.5 ? `key-${index}` : undefined;
    const request: Promised = { prompt, tokens, key, id: undefined, answer: undefined };
    this.#requests.push(request);
    await this.#send(request);
    await delay(this.#random.next() * longestPauseMs);
  }

  #pickRepeatable(): Promised | undefined {
    const request = this.#requests[this.#random.integer(0, Math.max(0, this.#requests.length - 1))];
    return request?.key === undefined ? undefined : request;
  }

  async #send(request: Promised): Promise<void> {
    const { prompt, tokens, key } = request;
    if (request.id === undefined) this.#unsure.add(request);
    const response = await fetch(`${this.#url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
      body: JSON.stringify({ prompt, max_tokens: tokens, ignore_eos: true, temperature: 0.5, background: true }),
    });
    const text = await response.text();
    assert.equal(response.status, 202, text);
    const { id } = JSON.parse(text) as Background;
    if (request.id !== undefined) assert.equal(id, request.id, 'the same key gave another request');
    request.id = id;
    this.#unsure.delete(request);
  }

  /** Reads one of the acknowledged requests. */
  async #lookAgain(): Promise<void> {
    const known = this.acknowledged;
    // Mostly new ones, which may have got their answer this very moment.
    const oldest = this.#random.next() < 0.9 ? Math.max(0, known.length - newest) : 0;
    const request = known[this.#random.integer(oldest, Math.max(0, known.length - 1))];
    if (request === undefined) await delay(5);
    else await this.#look(request);
  }

  async #look(request: Promised & { readonly id: string }): Promise<Background['status']> {
    const response = await fetch(`${this.#url}/v1/background/${request.id}`);
    const text = await response.text();
    assert.equal(response.status, 200, `${request.id} was acknowledged and is lost: ${text}`);
    const found = JSON.parse(text) as Background<TextAnswer>;
    assert.ok(['queued', 'running', 'completed'].includes(found.status), text);
    const answer = found.response === null ? undefined : JSON.stringify(found.response);
    assert.equal(answer !== undefined, found.status === 'completed', text);
    if (request.answer !== undefined) assert.equal(answer, request.answer, `the answer of ${request.id} changed`);
    request.answer = answer;
    return found.status;
  }

  /** An ordinary request, so that there is other work. */
  async #ask(): Promise<TextAnswer> {
    const prompt = prompts[this.#random.integer(0, prompts.length - 1)] ?? '';
    return this.#complete(prompt, this.#random.integer(1, 60));
  }

  async #complete(prompt: string, tokens: number): Promise<TextAnswer> {
    const response = await fetch(`${this.#url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, max_tokens: tokens, ignore_eos: true }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as TextAnswer;
  }

  async #learn(prompt: string): Promise<void> {
    const { usage } = await this.#complete(prompt, 1);
    this.#promptTokens.set(prompt, usage?.prompt_tokens ?? -1);
  }

  /** It is the answer to this very request. */
  #check({ id, prompt, tokens, answer }: Promised): void {
    const { object, choices, usage } = JSON.parse(answer ?? 'null') as TextAnswer;
    assert.deepEqual([object, choices.length, choices[0]?.finish_reason], ['text_completion', 1, 'length'], id);
    assert.equal(usage?.completion_tokens, tokens, id);
    assert.equal(usage.prompt_tokens, this.#promptTokens.get(prompt), id);
  }
}
