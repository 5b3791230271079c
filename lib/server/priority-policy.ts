import { tiers } from '../native-types.js';
import type { Tier } from '../native-types.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';

/** What the holder of one API key may ask for. */
export interface KeyPriority {
  /** The highest priority; default: what anybody may ask for. */
  readonly max?: Tier;
  /** Of requests that name none; default: the server's, or `max` where that is lower. */
  readonly default?: Tier;
  /** Whose fair share its requests count against, whatever they say; default: the request's `user`. */
  readonly user?: string;
}

/** Who may ask for which priority. */
export interface PriorityOptions {
  /** Of requests that name none; default 'normal'. */
  readonly default?: Tier;
  /** What anybody may ask for; default 'high'. */
  readonly max?: Tier;
  /** By API key. Every one must be among the server's `apiKeys`. */
  readonly keys?: Readonly<Record<string, KeyPriority>>;
}

interface Rule {
  readonly max: Tier;
  readonly default: Tier;
  readonly user: string | undefined;
}

/** Lower numbers are better. */
function rank(tier: Tier): number {
  return tiers.indexOf(tier);
}

function lower(a: Tier, b: Tier): Tier {
  return rank(a) > rank(b) ? a : b;
}

function requireTier(value: unknown, name: string): void {
  if (value === undefined || tiers.some((tier) => tier === value)) return;
  throw new RangeError(`Expected one of ${tiers.join(', ')} for ${name} but received ${JSON.stringify(value)}.`);
}

function requireDefaultWithinMax(rule: Rule, name: string): Rule {
  if (rank(rule.default) >= rank(rule.max)) return rule;
  throw new RangeError(
    `Expected ${name}.default to be at most ${name}.max (${rule.max}) but received ${rule.default}.`,
  );
}

/** Decides the tier of every request. Keys are known here by their index among the server's keys only. */
export class PriorityPolicy {
  readonly #anybody: Rule;
  readonly #byKey: readonly (Rule | undefined)[];

  /** @throws RangeError for what is no tier, for a default over its maximum, and for keys that the server does not take. */
  constructor(options: PriorityOptions, apiKeys: readonly string[]) {
    requireTier(options.default, 'priorities.default');
    requireTier(options.max, 'priorities.max');
    const max = options.max ?? 'high';
    const rule = { max, default: options.default ?? lower('normal', max), user: undefined };
    this.#anybody = requireDefaultWithinMax(rule, 'priorities');
    const keys = new Map(Object.entries(options.keys ?? {}));
    this.#byKey = apiKeys.map((key) => this.#ruleFor(keys.get(key)));
    if ([...keys.keys()].some((key) => !apiKeys.includes(key))) {
      // The key itself stays out of messages, which end in logs.
      throw new RangeError('Expected every key of priorities.keys to be among apiKeys.');
    }
  }

  /** The tier of a request that asks for `asked`, or the refusal. `key`: its index, -1 for none. */
  decide(key: number, asked: Tier | undefined): { readonly tier: Tier } | { readonly error: ErrorReply } {
    const rule = this.#rule(key);
    if (asked === undefined) return { tier: rule.default };
    if (rank(asked) >= rank(rule.max)) return { tier: asked };
    const message = `The priority ${JSON.stringify(asked)} is not allowed here; the highest allowed is ${JSON.stringify(rule.max)}.`;
    return { error: errorReply('priority_not_allowed', message, 'priority') };
  }

  /** Whose share a request counts against that says `user`. */
  userOf(key: number, user: string): string {
    return this.#rule(key).user ?? user;
  }

  #rule(key: number): Rule {
    return this.#byKey[key] ?? this.#anybody;
  }

  #ruleFor(given: KeyPriority | undefined): Rule | undefined {
    if (given === undefined) return undefined;
    requireTier(given.max, 'priorities.keys[…].max');
    requireTier(given.default, 'priorities.keys[…].default');
    const max = given.max ?? this.#anybody.max;
    const rule = { max, default: given.default ?? lower(this.#anybody.default, max), user: given.user };
    return requireDefaultWithinMax(rule, 'priorities.keys[…]');
  }
}
