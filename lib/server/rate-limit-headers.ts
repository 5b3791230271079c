import type { Header } from './socket-activity.js';

/** How many requests more would be taken, as it looks now. */
export interface RequestRoom {
  readonly limit: number;
  readonly remaining: number;
  /** Expected until all that waits now has started. */
  readonly resetMs: number;
}

/** OpenAI's way to write a time: `12ms`, `1.5s`, `6m0s`. */
function duration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole === 0) return '0s';
  if (whole < 1000) return `${String(whole)}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = Math.round((whole % 60_000) / 100) / 10;
  return minutes === 0 ? `${String(seconds)}s` : `${String(minutes)}m${String(Math.floor(seconds))}s`;
}

/** There is no limit of tokens, so there are no headers about one. */
export function rateLimitHeaders({ limit, remaining, resetMs }: RequestRoom): readonly Header[] {
  return [
    ['x-ratelimit-limit-requests', String(limit)],
    ['x-ratelimit-remaining-requests', String(remaining)],
    ['x-ratelimit-reset-requests', duration(resetMs)],
  ];
}
