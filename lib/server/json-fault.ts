/**
 * Finds where a text stops being JSON. `JSON.parse` does not always say (its message differs by fault and by Node
 * version), so this runs after it has failed: never on the path of a good request, and without recursion.
 */

export interface JsonFault {
  /** UTF-16 offset of the first character that cannot stand there; the length of the text if it ends too soon. */
  readonly position: number;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

const words = ['true', 'false', 'null'];
const simpleEscapes = '"\\/bfnrt';

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

class Scanner {
  #at = 0;
  #expected: Expected = 'value';
  /** Open brackets, '{' or '['. */
  readonly #open: string[] = [];

  constructor(readonly text: string) {}

  /** The offset of the fault, or undefined when the text is JSON. */
  run(): number | undefined {
    for (;;) {
      this.#skipWhitespace();
      if (this.#at >= this.text.length) return this.#expected === 'nothing' ? undefined : this.text.length;
      if (!this.#step(this.text.charAt(this.#at))) return this.#at;
    }
  }

  #skipWhitespace(): void {
    while (this.#at < this.text.length && ' \t\n\r'.includes(this.text.charAt(this.#at))) this.#at++;
  }

  #step(character: string): boolean {
    switch (this.#expected) {
      case 'nothing':
        return false;
      case 'colon':
        return character === ':' && this.#advance('value');
      case 'comma or end':
        if (character === ',') return this.#advance(this.#open.at(-1) === '{' ? 'key' : 'value');
        return this.#close(character);
      case 'key or end':
        if (character === '}') return this.#close(character);
        return this.#key();
      case 'key':
        return this.#key();
      case 'value or end':
        if (character === ']') return this.#close(character);
        return this.#value(character);
      case 'value':
        return this.#value(character);
    }
  }

  #key(): boolean {
    if (!this.#string()) return false;
    this.#expected = 'colon';
    return true;
  }

  #value(character: string): boolean {
    if (character === '{' || character === '[') {
      this.#open.push(character);
      return this.#advance(character === '{' ? 'key or end' : 'value or end');
    }
    if (!(character === '"' ? this.#string() : this.#word() || this.#number())) return false;
    this.#afterValue();
    return true;
  }

  /** Leaves the position on the faulty character when the string is not well formed. */
  #string(): boolean {
    if (this.text.charAt(this.#at) !== '"') return false;
    for (this.#at++; this.#at < this.text.length; this.#at++) {
      const character = this.text.charAt(this.#at);
      if (character === '"') {
        this.#at++;
        return true;
      }
      if (character < ' ') return false;
      if (character === '\\' && !this.#escape()) return false;
    }
    return false;
  }

  #escape(): boolean {
    this.#at++;
    const kind = this.text.charAt(this.#at);
    if (kind !== 'u') return kind !== '' && simpleEscapes.includes(kind);
    for (let digit = 0; digit < 4; digit++) {
      this.#at++;
      if (!/^[0-9a-fA-F]$/.test(this.text.charAt(this.#at))) return false;
    }
    return true;
  }

  #word(): boolean {
    const word = words.find((candidate) => this.text.startsWith(candidate, this.#at));
    this.#at += word?.length ?? 0;
    return word !== undefined;
  }

  #number(): boolean {
    if (this.text.charAt(this.#at) === '-') this.#at++;
    if (this.text.charAt(this.#at) === '0') this.#at++;
    else if (!this.#digits()) return false;
    if (this.text.charAt(this.#at) === '.') {
      this.#at++;
      if (!this.#digits()) return false;
    }
    if (!'eE'.includes(this.text.charAt(this.#at) || ' ')) return true;
    this.#at++;
    if ('+-'.includes(this.text.charAt(this.#at) || ' ')) this.#at++;
    return this.#digits();
  }

  /** One digit at least. */
  #digits(): boolean {
    const start = this.#at;
    while (this.text.charAt(this.#at) >= '0' && this.text.charAt(this.#at) <= '9') this.#at++;
    return this.#at > start;
  }

  #close(character: string): boolean {
    const opened = this.#open.at(-1);
    if (!((opened === '{' && character === '}') || (opened === '[' && character === ']'))) return false;
    this.#open.pop();
    this.#at++;
    this.#afterValue();
    return true;
  }

  #advance(expected: Expected): boolean {
    this.#at++;
    this.#expected = expected;
    return true;
  }

  #afterValue(): void {
    this.#expected = this.#open.length === 0 ? 'nothing' : 'comma or end';
  }
}

/** Longer texts are not searched, so that a faulty body cannot hold up the other requests. */
const longestSearched = 1024 * 1024;

/** The first fault of `text`; undefined when it is JSON or too long to search. */
export function findJsonFault(text: string): JsonFault | undefined {
  if (text.length > longestSearched) return undefined;
  const position = new Scanner(text).run();
  if (position === undefined) return undefined;
  const before = text.slice(0, position);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { position, line: before.split('\n').length, column: position - lineStart + 1 };
}

/** How deep arrays and objects nest in `value`, counted no further than `limit` + 1. */
export function nestingDepth(value: unknown, limit: number): number {
  let depth = 0;
  let level: unknown[] = [value];
  while (depth <= limit) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === 'object' && item !== null) for (const child of Object.values(item)) next.push(child);
    }
    if (!level.some((item) => typeof item === 'object' && item !== null)) return depth;
    depth++;
    level = next;
  }
  return depth;
}
