/** Which parts of a schema speak of one item or property. */
import type { Constraints } from './constraints.js';
import { finds, readRegex, RegexError } from './regex.js';
import type { Node } from './schema-document.js';

export function nodesOfItem({ items }: Constraints, at: number): Node[] {
  return items.flatMap(({ prefix, rest }) => {
    const node = at < prefix.length ? prefix[at] : rest;
    return node === undefined ? [] : [node];
  });
}

/** Undefined when a pattern cannot be told. */
function matching(patterns: readonly string[], name: string): boolean | undefined {
  try {
    return patterns.some((pattern) => finds(readRegex(pattern), name));
  } catch (error) {
    if (error instanceof RegexError) return undefined;
    throw error;
  }
}

/** Undefined when it cannot be told. */
export function nodesOfProperty(rules: Constraints, name: string): Node[] | undefined {
  const nodes = [...(rules.properties.get(name) ?? [])];
  for (const { pattern, node } of rules.patternProperties) {
    const isMeant = matching([pattern], name);
    if (isMeant === undefined) return undefined;
    if (isMeant) nodes.push(node);
  }
  for (const { names, patterns, node } of rules.additional) {
    if (names.includes(name)) continue;
    const isTaken = matching(patterns, name);
    if (isTaken === undefined) return undefined;
    if (!isTaken) nodes.push(node);
  }
  return nodes;
}
