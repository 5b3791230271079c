import type { LlamaFlag, Row } from './flag.js';
import { refusedRows } from './refused-rows.js';
import { servedRows } from './served-rows.js';
import { unaffectedRows } from './unaffected-rows.js';

/** Fields whose flags may be repeated. */
export const repeatableFields: ReadonlySet<string> = new Set(['logit_bias', 'dry_sequence_breakers', 'stop']);

/** Names, and whether a value follows, from the documentation's line. */
function read([written, environment, effect]: Row): LlamaFlag {
  const words = written.split(/,? +/u);
  const names = words.filter((word) => word.startsWith('-'));
  const last = written.slice(written.lastIndexOf(names.at(-1) ?? '') + (names.at(-1) ?? '').length).trim();
  const isOptional = /^\[(?:on|off)\b/u.test(last);
  return {
    written,
    names,
    value: last === '' ? 'none' : isOptional ? 'optional' : 'one',
    environment: environment === '' ? undefined : environment,
    effect,
  };
}

export const llamaFlags: readonly LlamaFlag[] = [...servedRows, ...unaffectedRows, ...refusedRows].map(read);

const byName = new Map(llamaFlags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)));

export function findLlamaFlag(name: string): LlamaFlag | undefined {
  return byName.get(name);
}
