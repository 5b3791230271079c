/** One schema and its parts: who is who, and where references lead. */
import { isObject, type Json, type JsonObject } from './json.js';

/** A part of a schema, or what is not of it. */
export interface Node {
  readonly schema: Json;
  readonly pointer: string;
  /** What must not match. */
  readonly isNegated: boolean;
}

/** Of which every schema is a value; the plainest ones are true and false. */
const metaschemas: ReadonlySet<string> = new Set([
  'http://json-schema.org/draft-07/schema',
  'https://json-schema.org/draft/2019-09/schema',
  'https://json-schema.org/draft/2020-12/schema',
]);
const anySchema: Node = { schema: { type: 'boolean' }, pointer: '#', isNegated: false };

/** Keywords whose values are no schemas, whatever they look like. */
const plainData: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required']);
const unknownBase = 'https://schema.invalid/';

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function child(node: Node, ...path: readonly (string | number)[]): Node {
  let schema: Json = node.schema;
  let pointer = node.pointer;
  for (const step of path) {
    schema = (schema as Readonly<Record<string | number, Json>>)[step] ?? true;
    pointer += `/${escaped(String(step))}`;
  }
  return { schema, pointer, isNegated: false };
}

export function negated(node: Node): Node {
  return { ...node, isNegated: !node.isNegated };
}

function resolved(reference: string, base: string): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}

export class SchemaDocument {
  readonly root: Node;
  readonly #ids = new Map<Json, number>();
  /** By absolute URI; of schemas with an id, and of anchors. */
  readonly #named = new Map<string, Node>();
  readonly #bases = new Map<Json, string>();
  readonly #dynamic = new Map<string, Node[]>();

  constructor(schema: Json) {
    this.root = { schema, pointer: '#', isNegated: false };
    this.#walk(this.root, unknownBase);
  }

  /** The same for the same nodes, in any order. */
  keyOf(nodes: readonly Node[]): string {
    const keys = nodes.map(({ schema, isNegated }) => (isNegated ? -this.#idOf(schema) : this.#idOf(schema)));
    return [...new Set(keys)].sort((a, b) => a - b).join(',');
  }

  /** A few values of another document's schema, not all. */
  isForeign(node: Node): boolean {
    return node.schema === anySchema.schema;
  }

  /** Undefined for what is not in this document. */
  target(node: Node, reference: string): Node | undefined {
    const base = this.#bases.get(node.schema) ?? unknownBase;
    const uri = resolved(reference, base);
    if (uri === undefined) return undefined;
    const [resource = '', fragment = ''] = uri.split('#', 2);
    const named = this.#named.get(fragment === '' ? resource : uri);
    if (named !== undefined) return named;
    if (fragment === '' && metaschemas.has(resource)) return anySchema;
    const start = this.#named.get(resource);
    return start === undefined || !fragment.startsWith('/') ? undefined : this.#at(start, fragment);
  }

  /** All that a dynamic reference may lead to, the document itself included; none when it leads nowhere. */
  dynamicTargets(node: Node, reference: string): readonly Node[] {
    const [, name = ''] = reference.split('#', 2);
    const bearers = this.#dynamic.get(name) ?? [];
    const target = this.target(node, reference);
    const found = target === undefined ? bearers : [target, ...bearers];
    return found.length === 0 ? [] : [...found, this.root];
  }

  #idOf(schema: Json): number {
    const known = this.#ids.get(schema);
    if (known !== undefined) return known;
    const id = this.#ids.size + 1;
    this.#ids.set(schema, id);
    return id;
  }

  #at(start: Node, fragment: string): Node | undefined {
    let node = start;
    for (const part of fragment.slice(1).split('/')) {
      let name;
      try {
        name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      } catch {
        return undefined;
      }
      const { schema } = node;
      if (typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, name)) return undefined;
      node = child(node, name);
    }
    return node;
  }

  #walk(node: Node, base: string): void {
    const { schema } = node;
    if (Array.isArray(schema)) {
      for (const index of schema.keys()) this.#walk(child(node, index), base);
      return;
    }
    if (!isObject(schema)) return;
    const own = this.#baseOf(node, schema, base);
    this.#bases.set(schema, own);
    for (const name of Object.keys(schema)) if (!plainData.has(name)) this.#walk(child(node, name), own);
  }

  #baseOf(node: Node, schema: JsonObject, base: string): string {
    const { $id: id, $anchor: anchor, $dynamicAnchor: dynamic } = schema;
    let own = base;
    if (node.pointer === '#') this.#name(base, node);
    if (typeof id === 'string' && !('$ref' in schema && id.startsWith('#'))) {
      const uri = resolved(id, base);
      const [resource = base, fragment = ''] = (uri ?? base).split('#', 2);
      own = resource;
      this.#name(fragment === '' ? resource : (uri ?? base), node);
    }
    for (const name of [anchor, dynamic]) if (typeof name === 'string') this.#name(`${own}#${name}`, node);
    if (typeof dynamic === 'string') this.#dynamic.set(dynamic, [...(this.#dynamic.get(dynamic) ?? []), node]);
    return own;
  }

  /** The first one of a name is meant. */
  #name(uri: string, node: Node): void {
    if (!this.#named.has(uri)) this.#named.set(uri, node);
  }
}
