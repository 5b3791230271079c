/** A schema as one that is kept exactly: the way in. */
import type { Constraints } from './constraints.js';
import { Expander } from './expand.js';
import type { Json, JsonType } from './json.js';
import { typeOf } from './json.js';
import { nodesOfItem, nodesOfProperty } from './members.js';
import { withoutEndless } from './productive.js';
import { SchemaDocument, negated, type Node } from './schema-document.js';
import { SchemaTooComplex, type SchemaFault } from './schema-fault.js';
import { definitionPrefix, type SimpleSchema } from './simple-schema.js';
import { simpleNumbers } from './simple-numbers.js';
import { simpleString, type Refusal } from './simple-strings.js';
import { ValueCheck } from './value-check.js';

/** Tuples are written out. */
const mostTupleItems = 64;
/** Lengths of a tuple that are offered. */
const mostLengths = 16;
const mostDefinitions = 2000;

type Made = readonly SimpleSchema[];

function isRefusal(made: object): made is Refusal {
  return 'keyword' in made;
}

class Simplifier {
  readonly #document: SchemaDocument;
  readonly faults: SchemaFault[] = [];
  readonly #expander: Expander;
  readonly #check: ValueCheck;
  readonly #names = new Map<string, string>();
  readonly definitions = new Map<string, SimpleSchema>();

  constructor(document: SchemaDocument) {
    this.#document = document;
    this.#expander = new Expander(document, this.faults);
    this.#check = new ValueCheck(this.#expander);
  }

  /** Values of all nodes at once; undefined when there are none. */
  simplify(nodes: readonly Node[]): SimpleSchema | undefined {
    const key = this.#document.keyOf(nodes);
    if (key === '') return {} as SimpleSchema;
    const known = this.#names.get(key);
    if (known !== undefined) return { $ref: definitionPrefix + known };
    if (this.#names.size >= mostDefinitions) throw new SchemaTooComplex();
    const name = `s${String(this.#names.size)}`;
    this.#names.set(key, name);
    const where = nodes[0]?.pointer ?? '#';
    const made = this.#expander.expand(nodes).flatMap((rules) => [...this.#alternative(rules, where)]);
    const different = [...new Map(made.map((each) => [JSON.stringify(each), each])).values()];
    const [only] = different;
    this.definitions.set(name, different.length === 1 && only !== undefined ? only : { anyOf: different });
    return { $ref: definitionPrefix + name };
  }

  #alternative(rules: Constraints, where: string): Made {
    if (rules.values !== undefined) {
      const fitting = rules.values.filter((value) => this.#check.fulfils(value, { ...rules, values: undefined }));
      return fitting.length === 0 ? [] : [{ enum: fitting }];
    }
    return rules.types.flatMap((type) => {
      const made = this.#ofType(type, rules);
      if (!isRefusal(made)) return made;
      this.faults.push({ keyword: made.keyword, pointer: where });
      return [];
    });
  }

  #ofType(type: JsonType, rules: Constraints): Made | Refusal {
    const excluded = rules.excluded.filter((value) => typeOf(value) === type);
    switch (type) {
      case 'null':
        return excluded.length > 0 ? [] : [{ type: 'null' }];
      case 'boolean': {
        const left = [true, false].filter((value) => !excluded.includes(value));
        return left.length === 2 ? [{ type: 'boolean' }] : left.length === 0 ? [] : [{ enum: left }];
      }
      case 'number':
        return simpleNumbers(rules);
      case 'string': {
        const made = simpleString(rules);
        return isRefusal(made) ? made : [made];
      }
      case 'array':
        return excluded.length > 0 ? { keyword: 'not' } : this.#arrays(rules);
      case 'object':
        return excluded.length > 0 ? { keyword: 'not' } : this.#objects(rules);
    }
  }

  #arrays(rules: Constraints): Made | Refusal {
    const { items, minItems, maxItems, isUnique, contains } = rules;
    if (minItems > maxItems) return [];
    if (contains.length === 0 && !isUnique && items.every(({ prefix }) => prefix.length === 0)) {
      return this.#lists(rules);
    }
    if (minItems > mostTupleItems) return { keyword: 'minItems' };
    return this.#tuples(rules);
  }

  /** All items alike. */
  #lists(rules: Constraints): Made | Refusal {
    const { minItems, maxItems } = rules;
    if (minItems > mostDefinitions) return { keyword: 'minItems' };
    const nodes = nodesOfItem(rules, 0);
    const most = Math.min(Math.floor(maxItems), mostDefinitions);
    const bounds = {
      ...(minItems === 0 ? {} : { minItems: Math.ceil(minItems) }),
      ...(maxItems === Infinity ? {} : { maxItems: most }),
    };
    if (nodes.length === 0 && minItems === 0 && maxItems === Infinity) return [{ type: 'array' }];
    const item = nodes.length === 0 ? ({} as SimpleSchema) : this.simplify(nodes);
    const isEmptyOnly = item === undefined || maxItems < 1;
    if (isEmptyOnly) return minItems > 0 ? [] : [{ enum: [[]] }];
    return [{ type: 'array', items: item, ...bounds }];
  }

  /** Of several lengths, each written out. */
  #tuples(rules: Constraints): Made | Refusal {
    const { items, minItems, maxItems, isUnique, contains } = rules;
    const prefix = Math.max(0, ...items.map((rule) => rule.prefix.length));
    const contained = Math.max(0, ...contains.map(({ least }) => Math.ceil(least)));
    const limited = contains.filter(({ most }) => most !== Infinity);
    const shortest = Math.max(Math.ceil(minItems), contained);
    const longest = Math.min(
      Math.floor(maxItems),
      Math.max(shortest, prefix, isUnique ? 1 : 0),
      isUnique ? 1 : mostTupleItems,
    );
    if (shortest > longest)
      return isUnique && shortest > 1
        ? { keyword: 'uniqueItems' }
        : contained > mostTupleItems
          ? { keyword: 'contains' }
          : [];
    if (limited.some(({ most, least }) => least > most)) return [];
    const nodesAt = (at: number): Node[] => [
      ...nodesOfItem(rules, at),
      ...contains.flatMap(({ node, least, most }) => (at < least ? [node] : most === Infinity ? [] : [negated(node)])),
    ];
    const lengths = Array.from({ length: longest - shortest + 1 }, (_, index) => shortest + index).slice(-mostLengths);
    return lengths.map((length) => {
      const members = Array.from({ length }, (_, at) => this.simplify(nodesAt(at)) ?? { anyOf: [] });
      return length === 0 ? { enum: [[]] } : { type: 'array', prefixItems: members };
    });
  }

  #objects(rules: Constraints): Made | Refusal {
    const { properties, required, forbidden, patternProperties, propertyNames, minProperties, maxProperties } = rules;
    const names = [...new Set([...properties.keys(), ...required])];
    if (required.some((name) => forbidden.includes(name)) || required.length > maxProperties) return [];
    const isBounded = minProperties > 0 || maxProperties !== Infinity;
    const isFree = patternProperties.length === 0 && propertyNames.length === 0 && forbidden.length === 0 && !isBounded;
    if (names.length === 0 && isFree) return this.#maps(rules);
    const members = new Map<string, SimpleSchema>();
    for (const name of names) {
      const nodes = nodesOfProperty(rules, name);
      if (nodes === undefined) return { keyword: 'patternProperties' };
      const isAllowed = !forbidden.includes(name) && this.#check.accepts(propertyNames, name);
      if (isAllowed) members.set(name, this.simplify(nodes) ?? { anyOf: [] });
      else if (required.includes(name)) return [];
    }
    return this.#fixed(rules, members);
  }

  /** Any names. */
  #maps({ additional }: Constraints): Made {
    if (additional.length === 0) return [{ type: 'object' }];
    const value = this.simplify(additional.map(({ node }) => node));
    return value === undefined ? [{ enum: [{}] }] : [{ type: 'object', additionalProperties: value }];
  }

  /** These names. */
  #fixed(
    { required, minProperties, maxProperties }: Constraints,
    members: ReadonlyMap<string, SimpleSchema>,
  ): Made | Refusal {
    const optional = [...members.keys()].filter((name) => !required.includes(name));
    const most = Math.max(0, Math.floor(maxProperties) - required.length);
    const left = optional.slice(0, most);
    const missing = Math.max(0, Math.ceil(minProperties) - required.length);
    if (missing > left.length) return { keyword: 'minProperties' };
    // Validators in JavaScript take what every object inherits, such as `constructor`, for a property that is there.
    const inherited = left.filter((name) => name in Object.prototype);
    const needed = [...new Set([...required, ...left.slice(0, missing), ...inherited])];
    const shown = [...members].filter(([name]) => needed.includes(name) || left.includes(name));
    if (shown.length === 0) return [{ enum: [{}] }];
    return [{ type: 'object', properties: Object.fromEntries(shown), required: needed, additionalProperties: false }];
  }
}

export type Simplified = { readonly schema: Json } | { readonly fault: SchemaFault | undefined };

/**
 * REQUIRES: bounded size and depth. `fault` says what cannot be kept; undefined when no value fulfils the schema.
 *
 * @throws SchemaTooComplex
 */
export function simplifySchema(schema: Json): Simplified {
  const document = new SchemaDocument(schema);
  const simplifier = new Simplifier(document);
  const root = simplifier.simplify([document.root]);
  const made = root === undefined ? undefined : withoutEndless(root, simplifier.definitions);
  return made === undefined ? { fault: simplifier.faults[0] } : { schema: made };
}
