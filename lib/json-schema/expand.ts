/** The alternatives of a schema: its disjunctive normal form, of which some may be missing, but none is wrong. */
import { anything, both, type Constraints } from './constraints.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { closed, hidden, opposites, plainRules } from './keyword-rules.js';
import { child, negated, type Node, type SchemaDocument } from './schema-document.js';
import { SchemaTooComplex, type SchemaFault } from './schema-fault.js';

const mostAlternatives = 256;
/** Parts within parts without a value between them. */
const deepestChain = 150;
/** All expansions of a schema together. */
const mostSteps = 5_000;
/** What an expansion inside of so many others takes longer, which all are copied, is as much as one step. */
const depthOfStep = 8;

type Alternatives = readonly Constraints[];

function lists(value: Json | undefined): boolean {
  return Array.isArray(value);
}

function hasAny(schema: JsonObject, names: readonly string[]): boolean {
  return names.some((name) => Object.hasOwn(schema, name));
}

export class Expander {
  readonly #document: SchemaDocument;
  readonly #faults: SchemaFault[];
  #steps = 0;

  /** `faults`: gets why alternatives are missing. */
  constructor(document: SchemaDocument, faults: SchemaFault[]) {
    this.#document = document;
    this.#faults = faults;
  }

  /** All nodes at once. Throws SchemaTooComplex. */
  expand(nodes: readonly Node[]): Alternatives {
    return this.#product(nodes, new Set());
  }

  /** `open`: nodes that are being expanded without a value between them. */
  #product(nodes: readonly Node[], open: ReadonlySet<string>): Alternatives {
    let alternatives: Alternatives = [anything];
    for (const node of nodes) alternatives = this.#cross(alternatives, this.#alternatives(node, open));
    return alternatives;
  }

  #cross(some: Alternatives, others: Alternatives): Alternatives {
    const crossed: Constraints[] = [];
    for (const a of some) {
      for (const b of others) {
        this.#count(1);
        const merged = both(a, b);
        if (merged !== undefined) crossed.push(merged);
      }
      if (crossed.length > mostAlternatives) throw new SchemaTooComplex();
    }
    return crossed;
  }

  #count(steps: number): void {
    this.#steps += steps;
    if (this.#steps > mostSteps) throw new SchemaTooComplex();
  }

  #union(parts: readonly Alternatives[]): Alternatives {
    const all = parts.flat();
    if (all.length > mostAlternatives) throw new SchemaTooComplex();
    return all;
  }

  #alternatives(node: Node, open: ReadonlySet<string>): Alternatives {
    const { schema, isNegated } = node;
    if (typeof schema === 'boolean') return schema === isNegated ? [] : [anything];
    if (!isObject(schema)) return this.#missing('schema', node);
    this.#count(1 + open.size / depthOfStep);
    const key = this.#document.keyOf([node]);
    // Its own beginning: nothing finite comes of it.
    if (open.has(key)) return [];
    if (open.size > deepestChain) throw new SchemaTooComplex();
    const inner = new Set(open).add(key);
    return isNegated ? this.#opposite(node, schema, inner) : this.#asked(node, schema, inner);
  }

  #missing(keyword: string, { pointer }: Node): Alternatives {
    this.#faults.push({ keyword, pointer });
    return [];
  }

  #asked(node: Node, schema: JsonObject, open: ReadonlySet<string>): Alternatives {
    let found: Alternatives = [plainRules(node, schema)];
    for (const part of this.#parts(node, schema, open)) found = this.#cross(found, part);
    return found.map((rules) => closed(node, rules));
  }

  /** Of each keyword that has alternatives. */
  *#parts(node: Node, schema: JsonObject, open: ReadonlySet<string>): Generator<Alternatives> {
    const of = (name: 'allOf' | 'anyOf' | 'oneOf'): Node[] =>
      lists(schema[name]) ? (schema[name] as readonly Json[]).map((_, index) => child(node, name, index)) : [];
    if (schema['$ref'] !== undefined) yield this.#referred(node, open, false);
    if (schema['$dynamicRef'] !== undefined) yield this.#dynamic(node, open);
    if (schema['$recursiveRef'] !== undefined) yield this.#missing('$recursiveRef', node);
    if (lists(schema['allOf'])) yield this.#product(of('allOf'), open);
    if (lists(schema['anyOf'])) yield this.#union(of('anyOf').map((branch) => this.#alternatives(branch, open)));
    if (lists(schema['oneOf'])) yield this.#exactlyOne(of('oneOf'), open);
    if (schema['not'] !== undefined) yield this.#alternatives(negated(child(node, 'not')), open);
    if (schema['if'] !== undefined && hasAny(schema, ['then', 'else'])) yield this.#conditional(node, open);
    for (const keyword of ['dependentRequired', 'dependentSchemas', 'dependencies']) {
      const rules = schema[keyword];
      if (!isObject(rules)) continue;
      for (const name of Object.keys(rules)) yield this.#dependent(node, keyword, name, open);
    }
  }

  #referred(node: Node, open: ReadonlySet<string>, isNegated: boolean): Alternatives {
    const { $ref: reference } = node.schema as JsonObject;
    const target = typeof reference === 'string' ? this.#document.target(node, reference) : undefined;
    // Of what is known of a metaschema nothing can be turned around.
    const isKnown = target !== undefined && !(isNegated && this.#document.isForeign(target));
    if (!isKnown) return this.#missing('$ref', node);
    return this.#alternatives(isNegated ? negated(target) : target, open);
  }

  /** Which one is meant depends on the way that led here, and validators do not agree on it: all of them at once. */
  #dynamic(node: Node, open: ReadonlySet<string>): Alternatives {
    const { $dynamicRef: reference } = node.schema as JsonObject;
    const targets = typeof reference === 'string' ? this.#document.dynamicTargets(node, reference) : [];
    return targets.length === 0 ? this.#missing('$dynamicRef', node) : this.#product(targets, open);
  }

  #exactlyOne(branches: readonly Node[], open: ReadonlySet<string>): Alternatives {
    return this.#union(
      branches.map((branch) => {
        const others = branches.filter((other) => other !== branch).map(negated);
        return this.#product([branch, ...others], open);
      }),
    );
  }

  #conditional(node: Node, open: ReadonlySet<string>): Alternatives {
    const schema = node.schema as JsonObject;
    const condition = child(node, 'if');
    const then = schema['then'] === undefined ? [] : [child(node, 'then')];
    const otherwise = schema['else'] === undefined ? [] : [child(node, 'else')];
    const met = this.#product([condition, ...then], open);
    // Not every validator takes what a condition without consequence evaluates for evaluated.
    return this.#union([
      then.length === 0 ? met.map(hidden) : met,
      this.#product([negated(condition), ...otherwise], open),
    ]);
  }

  /** Either that property is not there, or what depends on it holds. */
  #dependent(node: Node, keyword: string, name: string, open: ReadonlySet<string>): Alternatives {
    const rule = ((node.schema as JsonObject)[keyword] as JsonObject)[name];
    const without: Constraints = { ...anything, forbidden: [name] };
    if (!Array.isArray(rule)) {
      return this.#union([
        [without],
        this.#cross(
          [{ ...anything, required: [name], types: ['object'] }],
          this.#alternatives(child(node, keyword, name), open),
        ),
      ]);
    }
    const needed = rule.filter((each): each is string => typeof each === 'string');
    return [without, { ...anything, types: ['object'], required: [name, ...needed] }];
  }

  #opposite(node: Node, schema: JsonObject, open: ReadonlySet<string>): Alternatives {
    const positive = { ...node, isNegated: false };
    const of = (name: 'allOf' | 'anyOf' | 'oneOf'): Node[] =>
      lists(schema[name]) ? (schema[name] as readonly Json[]).map((_, index) => child(positive, name, index)) : [];
    // Beside a reference older drafts know nothing, so that only the reference can fail in all of them.
    if (schema['$ref'] !== undefined) return this.#referred(positive, open, true).map(hidden);
    const found: Alternatives[] = [];
    for (const [keyword, value] of Object.entries(schema)) {
      const rule = Object.hasOwn(opposites, keyword) ? opposites[keyword] : undefined;
      if (rule !== undefined) found.push(rule(value, positive).map((each) => ({ ...anything, ...each })));
    }
    if (schema['not'] !== undefined) found.push(this.#alternatives(child(positive, 'not'), open));
    found.push(...of('allOf').map((branch) => this.#alternatives(negated(branch), open)));
    if (lists(schema['anyOf'])) found.push(this.#product(of('anyOf').map(negated), open));
    if (lists(schema['oneOf'])) found.push(this.#notOne(of('oneOf'), open));
    if (schema['if'] !== undefined && hasAny(schema, ['then', 'else']))
      found.push(this.#failedConditional(positive, open));
    const all = this.#union(found).map(hidden);
    return all.length === 0 ? this.#missing('not', node) : all;
  }

  #notOne(branches: readonly Node[], open: ReadonlySet<string>): Alternatives {
    const none = this.#product(branches.map(negated), open);
    const pairs = branches.flatMap((a, at) => branches.slice(at + 1).map((b) => this.#product([a, b], open)));
    return this.#union([none, ...pairs]);
  }

  #failedConditional(node: Node, open: ReadonlySet<string>): Alternatives {
    const schema = node.schema as JsonObject;
    const condition = child(node, 'if');
    const then = schema['then'] === undefined ? [] : this.#product([condition, negated(child(node, 'then'))], open);
    const otherwise =
      schema['else'] === undefined ? [] : this.#product([negated(condition), negated(child(node, 'else'))], open);
    return this.#union([then, otherwise]);
  }
}
