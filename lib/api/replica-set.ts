import { awaitNative, callNative } from '../errors.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import type { NativeQueueStatus } from '../native-queue-types.js';
import type {
  NativeGenerationProfile,
  NativeGenerationRequest,
  NativeModel,
  NativeModelStats,
} from '../native-types.js';
import { Balancer } from '../replicas/balancer.js';
import type { Balancing, ReplicaLoad } from '../replicas/balancer.js';
import { mergeQueueStatus, mergeStats } from '../replicas/merge-status.js';
import { prefixKeys } from '../replicas/prefix-affinity.js';
import { EventDrain } from './event-drain.js';
import { submitGeneration } from './submit.js';
import type { GenerationEnd, TokenSink, TokenStream } from './token-sink.js';

/** A measured rate is good for so long. */
const rateMs = 250;
/** Failures one after the other that make a replica ailing … */
const failuresToAil = 3;
/** … until it has had this long to recover. */
const ailMs = 10_000;
/** Characters of a prompt per token, roughly; only relations between replicas matter. */
const charactersPerToken = 4;
const assumedAnswerTokens = 128;

function promptOf({ prompt, messagesJson, tokens }: NativeGenerationRequest): string {
  return prompt ?? messagesJson ?? tokens?.join(' ') ?? '';
}

function expectedTokens(request: NativeGenerationRequest, prompt: string): number {
  const promptTokens = request.tokens?.length ?? Math.ceil(prompt.length / charactersPerToken);
  const answer = request.estimatedTokens > 0 ? request.estimatedTokens : assumedAnswerTokens;
  return promptTokens + (request.maxTokens < 0 ? answer : Math.min(answer, request.maxTokens));
}

/** One engine of a model, and what it was given to do. */
class Replica {
  readonly native: NativeModel;
  readonly drain: EventDrain;
  generations = 0;
  tokens = 0;
  #failures = 0;
  #ailsUntil = 0;
  #rate = 0;
  #ratedMs = -Infinity;

  constructor(native: NativeModel) {
    this.native = native;
    this.drain = new EventDrain(native);
  }

  load(now: number): ReplicaLoad {
    if (now - this.#ratedMs > rateMs) {
      const { prefillTokensPerSecond, decodeTokensPerSecond } = callNative(() => this.native.queueStatus());
      this.#rate = prefillTokensPerSecond + decodeTokensPerSecond;
      this.#ratedMs = now;
    }
    const { generations, tokens } = this;
    return { generations, tokens, tokensPerSecond: this.#rate, isAiling: now < this.#ailsUntil };
  }

  ended(end: GenerationEnd): void {
    // Faults of the request say nothing about the replica.
    const failed = end.error?.code === 'decode_failed';
    this.#failures = failed ? this.#failures + 1 : 0;
    if (this.#failures >= failuresToAil) this.#ailsUntil = performance.now() + ailMs;
  }
}

/** Passes events on and keeps the replica's account. */
class CountedSink implements TokenSink {
  readonly onText: TokenSink['onText'];
  readonly onDelta: NonNullable<TokenSink['onDelta']>;
  readonly onFlush: () => void;
  readonly #sink: TokenSink;
  readonly #replica: Replica;
  readonly #tokens: number;

  constructor(sink: TokenSink, replica: Replica, tokens: number) {
    this.#sink = sink;
    this.#replica = replica;
    this.#tokens = tokens;
    this.onText = sink.onText.bind(sink);
    this.onDelta = (delta, tokens, logprobs) => sink.onDelta?.(delta, tokens, logprobs);
    this.onFlush = () => sink.onFlush?.();
    replica.generations++;
    replica.tokens += tokens;
  }

  /** It was not submitted after all, or has ended. */
  release(): void {
    this.#replica.generations--;
    this.#replica.tokens -= this.#tokens;
  }

  onEnd(end: GenerationEnd): void {
    this.release();
    this.#replica.ended(end);
    this.#sink.onEnd(end);
  }
}

/** The engines of one model over the same weights; mostly it is one. */
export class ReplicaSet {
  readonly #replicas: readonly Replica[];
  readonly #balancer: Balancer;
  readonly #first: Replica;

  /** REQUIRES: at least one. */
  constructor(natives: readonly [NativeModel, ...NativeModel[]], balancing: Balancing) {
    this.#first = new Replica(natives[0]);
    this.#replicas = [this.#first, ...natives.slice(1).map((native) => new Replica(native))];
    this.#balancer = new Balancer(balancing);
  }

  /** For what any replica can do: its vocabulary, template, embeddings. */
  get native(): NativeModel {
    return this.#first.native;
  }

  /** Newest first. */
  profiles(limit: number): NativeGenerationProfile[] {
    const all = this.#replicas.flatMap(({ native }) => callNative(() => native.profiles(limit)));
    return all.sort((a, b) => b.endedUs - a.endedUs).slice(0, limit);
  }

  /** Of each replica. */
  statistics(): readonly NativeStatistics[] {
    return this.#replicas.map(({ native }) => callNative(() => native.statistics()));
  }

  submit(request: NativeGenerationRequest, sink: TokenSink): TokenStream {
    if (this.#replicas.length === 1) return submitGeneration(this.native, this.#first.drain, request, sink);
    const prompt = promptOf(request);
    const tokens = expectedTokens(request, prompt);
    const now = performance.now();
    const loads = this.#replicas.map((replica) => replica.load(now));
    const replica = this.#replicas[this.#balancer.choose({ prefixKeys: prefixKeys(prompt), tokens }, loads)];
    const { native, drain } = replica ?? this.#first;
    const counted = new CountedSink(sink, replica ?? this.#first, tokens);
    try {
      return submitGeneration(native, drain, request, counted);
    } catch (error) {
      counted.release();
      throw error;
    }
  }

  stats(): NativeModelStats {
    return mergeStats(this.#replicas.map(({ native }) => callNative(() => native.stats())));
  }

  queueStatus(): NativeQueueStatus {
    return mergeQueueStatus(this.#replicas.map(({ native }) => callNative(() => native.queueStatus())));
  }

  /** Weights, which all share, count once. */
  memoryBytes(): number {
    const { sizeBytes } = this.native.info();
    const all = this.#replicas.map(({ native }) =>
      callNative(() => native.memoryBytes() + native.queueStatus().cache.memoryBytes),
    );
    return all.reduce((total, bytes) => total + bytes, 0) - sizeBytes * (this.#replicas.length - 1);
  }

  async unload(): Promise<void> {
    await Promise.all(this.#replicas.map(({ native }) => awaitNative(native.unload())));
  }
}
