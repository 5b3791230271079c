/** Whether a value is one of a schema. What cannot be told is no. */
import type { Constraints } from './constraints.js';
import type { Expander } from './expand.js';
import { formatSource } from './formats.js';
import { equal, isObject, lengthOf, typeOf, type Json, type JsonObject } from './json.js';
import { nodesOfItem, nodesOfProperty } from './members.js';
import { finds, readRegex } from './regex.js';
import type { Node } from './schema-document.js';

function isMultiple(value: number, of: number): boolean {
  return Number.isInteger(value / of);
}

export function isNumberOf(value: number, rules: Constraints): boolean {
  const { isInteger, minimum, maximum, above, below, multiples } = rules;
  const isWithin = value >= minimum && value <= maximum && value > above && value < below;
  return isWithin && (!isInteger || Number.isInteger(value)) && multiples.every((of) => isMultiple(value, of));
}

/** A regular expression that cannot be read is found in nothing. */
export function isFound(source: string, text: string): boolean {
  try {
    return finds(readRegex(source), text);
  } catch {
    return false;
  }
}

function isStringOf(value: string, { minLength, maxLength, patterns, formats }: Constraints): boolean {
  const length = lengthOf(value);
  if (length < minLength || length > maxLength) return false;
  const sources = formats.map(formatSource).filter((source) => source !== undefined);
  return [...patterns, ...sources].every((source) => isFound(source, value));
}

export class ValueCheck {
  readonly #expander: Expander;

  constructor(expander: Expander) {
    this.#expander = expander;
  }

  accepts(nodes: readonly Node[], value: Json): boolean {
    return this.#expander.expand(nodes).some((rules) => this.fulfils(value, rules));
  }

  fulfils(value: Json, rules: Constraints): boolean {
    if (!rules.types.includes(typeOf(value))) return false;
    if (rules.values?.every((other) => !equal(other, value)) === true) return false;
    if (rules.excluded.some((other) => equal(other, value))) return false;
    if (typeof value === 'number') return isNumberOf(value, rules);
    if (typeof value === 'string') return isStringOf(value, rules);
    if (Array.isArray(value)) return this.#isArrayOf(value as readonly Json[], rules);
    return !isObject(value) || this.#isObjectOf(value, rules);
  }

  #isArrayOf(value: readonly Json[], rules: Constraints): boolean {
    if (value.length < rules.minItems || value.length > rules.maxItems) return false;
    const isTwice = (item: Json, at: number): boolean => value.findIndex((other) => equal(other, item)) < at;
    if (rules.isUnique && value.some(isTwice)) return false;
    const isContained = rules.contains.every(({ node, least, most }) => {
      const count = value.filter((item) => this.accepts([node], item)).length;
      // A count of those that surely match is enough for the least only.
      return count >= least && (most === Infinity || value.length <= most);
    });
    return isContained && value.every((item, at) => this.accepts(nodesOfItem(rules, at), item));
  }

  #isObjectOf(value: JsonObject, rules: Constraints): boolean {
    const names = Object.keys(value);
    if (names.length < rules.minProperties || names.length > rules.maxProperties) return false;
    if (!rules.required.every((name) => Object.hasOwn(value, name))) return false;
    if (rules.forbidden.some((name) => Object.hasOwn(value, name))) return false;
    return names.every((name) => {
      const nodes = nodesOfProperty(rules, name);
      return nodes !== undefined && this.accepts(rules.propertyNames, name) && this.accepts(nodes, value[name] as Json);
    });
  }
}
