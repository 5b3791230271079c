type Header = readonly [name: string, value: string];

/** What scripts of other origins may read. */
const exposedHeaders = [
  'x-request-id',
  'openai-processing-ms',
  'openai-version',
  'retry-after',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
].join(', ');

/** Which origins' pages may read our answers. Without the option nothing is sent, so browsers refuse. */
export class Cors {
  readonly #origins: ReadonlySet<string> | 'any' | 'none';

  constructor(option: boolean | readonly string[]) {
    if (typeof option === 'boolean') this.#origins = option ? 'any' : 'none';
    else this.#origins = option.includes('*') ? 'any' : new Set(option);
  }

  get enabled(): boolean {
    return this.#origins !== 'none';
  }

  /** Pages of this origin may read our answers. */
  allows(origin: string): boolean {
    return this.#origins === 'any' || (this.#origins !== 'none' && this.#origins.has(origin));
  }

  /** Headers for every answer to a request with this `Origin`. */
  headersFor(origin: string): readonly Header[] {
    if (this.#origins === 'none') return [];
    const exposed: Header = ['access-control-expose-headers', exposedHeaders];
    if (this.#origins === 'any') return [['access-control-allow-origin', '*'], exposed];
    const vary: Header = ['vary', 'origin'];
    return this.#origins.has(origin) ? [['access-control-allow-origin', origin], vary, exposed] : [vary];
  }

  /** Headers that a preflight's answer carries besides. */
  preflightHeaders(allow: string, requestedHeaders: string): readonly Header[] {
    const harmless = /^[\w\-, ]{0,2000}$/.test(requestedHeaders) ? requestedHeaders : '';
    return [
      ['access-control-allow-methods', allow],
      [
        'access-control-allow-headers',
        harmless ||
          'authorization, content-type, x-request-id, idempotency-key, x-inferno-priority, x-inferno-deadline-ms',
      ],
      ['access-control-max-age', '86400'],
    ];
  }
}
