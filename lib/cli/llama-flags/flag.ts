/**
 * llama-server's flags, as its documentation writes them, and what each means for `inferno serve`. A test compares them
 * with the documentation of the vendored llama.cpp, and docs/llama-server.md with them.
 */

/** What becomes of a flag. */
export type FlagEffect =
  /** Flags of ours; `arguments` turns the value into what stands behind `serve`, nothing for "as without the flag". */
  | { readonly kind: 'ours'; readonly arguments: (value: string) => readonly string[]; readonly says: string }
  /** A default for requests that do not say. */
  | { readonly kind: 'request'; readonly field: string; readonly read: (value: string) => unknown }
  /** Taken, with a note. */
  | { readonly kind: 'ignored'; readonly why: string }
  /** An error: ignoring it would change answers, or what is reachable. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Depends on the value. */
  | { readonly kind: 'depends'; readonly on: (value: string) => FlagEffect; readonly says: string };

export interface LlamaFlag {
  /** The line of llama-server's documentation, e.g. "-c, --ctx-size N". */
  readonly written: string;
  readonly names: readonly string[];
  /** 'optional' takes the next word if it is one of the values in brackets. */
  readonly value: 'none' | 'one' | 'optional';
  readonly environment: string | undefined;
  readonly effect: FlagEffect;
}

export type Row = readonly [written: string, environment: string, effect: FlagEffect];

export const ours = (flag: string): FlagEffect => ({
  kind: 'ours',
  arguments: (value) => (value === '' ? [flag] : [flag, value]),
  says: flag,
});
export const request = (field: string, read: (value: string) => unknown): FlagEffect => ({
  kind: 'request',
  field,
  read,
});
export const ignored = (why: string): FlagEffect => ({ kind: 'ignored', why });
export const refused = (why: string): FlagEffect => ({ kind: 'refused', why });
/** Words for "as without the flag" in front of one of ours. */
export const unless = (words: readonly string[], flag: string, says: string): FlagEffect => ({
  kind: 'ours',
  arguments: (value) => (words.includes(value) ? [] : [flag, value]),
  says,
});
/** The values that mean what happens here anyway; all others would change answers. */
export const only = (values: readonly string[], why: string): FlagEffect => ({
  kind: 'depends',
  on: (value) => (values.includes(value) ? ignored('that is how it is here') : refused(why)),
  says: `${values.join(', ')} only: ${why}`,
});
