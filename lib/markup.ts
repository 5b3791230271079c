/**
 * Markup that cannot be injected into: whatever is put into an html`…` template is escaped, unless it is itself the result
 * of one. What comes out is well-formed XML as well as HTML, so that a strict parser can prove it.
 */

/** Made by `html` only: a string that looks the same is escaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type MarkupValue = Markup | string | number | undefined | readonly MarkupValue[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

// What no XML may hold (C0 but tab and line ends, lone surrogates, noncharacters), DEL and the C1 block.
// eslint-disable-next-line no-control-regex -- control characters are what this removes
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;
/** They turn the text behind them around, beyond the end of a name; letters of any script stay as they are. */
const bidiControls = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** For text and for attribute values in double quotes. */
export function escapeText(text: string): string {
  return text
    .replace(unprintable, '\ufffd')
    .replace(bidiControls, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[&<>"'`]/gu, (character) => entities[character] ?? '');
}

function render(value: MarkupValue): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(render).join('');
  return escapeText(String(value));
}

/**
 * Values may stand in text and inside quoted attributes; nowhere else, and never in style or script elements. The
 * indentation of a template is not part of the page.
 */
export function html(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(
    strings.reduce((text, part, index) => text + render(values[index - 1]) + part.replace(/\s*\n\s*/gu, ' '), ''),
  );
}

/** A name from outside, whose direction stays its own. */
export function nameMarkup(name: string): Markup {
  return html`<bdi>${name}</bdi>`;
}
