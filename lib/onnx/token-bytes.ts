import type { TokenizerJson, TokenizerPart } from './folder-schemas.js';

/** What every token stands for: the bytes of token `id` are `bytes[offsets[id]]` to `bytes[offsets[id + 1]]`. */
export interface TokenTable {
  readonly bytes: Uint8Array;
  /** One more than there are tokens. */
  readonly offsets: Int32Array;
}

const wordStart = '\u2581';
const encoder = new TextEncoder();

/** The steps of a part, those of sequences in their order. */
function stepsOf(part: TokenizerPart | null): TokenizerPart[] {
  if (part === null) return [];
  const inner = part['decoders'] ?? part['pretokenizers'] ?? part['processors'] ?? part['normalizers'];
  return part.type === 'Sequence' && Array.isArray(inner) ? (inner as TokenizerPart[]).flatMap(stepsOf) : [part];
}

export function findStep(part: TokenizerPart | null, type: string): TokenizerPart | undefined {
  return stepsOf(part).find((step) => step.type === type);
}

/** GPT-2's letters for bytes: the printable ones of Latin-1 stand for themselves, the others for U+0100 and on. */
function byteLetters(): Map<string, number> {
  const letters = new Map<string, number>();
  let moved = 0;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    letters.set(String.fromCodePoint(isPrintable ? byte : 256 + moved++), byte);
  }
  return letters;
}

/** Text of a token to its bytes. */
type Spelling = (token: string) => Uint8Array;

function byteLevelSpelling(): Spelling {
  const letters = byteLetters();
  return (token) => {
    const bytes: number[] = [];
    for (const letter of token) {
      const byte = letters.get(letter);
      if (byte === undefined) bytes.push(...encoder.encode(letter));
      else bytes.push(byte);
    }
    return Uint8Array.from(bytes);
  };
}

/** Replacements of a decoder that take a text for a text. */
function replacementsOf(decoder: TokenizerPart | null): (readonly [string, string])[] {
  return stepsOf(decoder).flatMap((step): (readonly [string, string])[] => {
    if (step.type === 'Metaspace') {
      return [[typeof step['replacement'] === 'string' ? step['replacement'] : wordStart, ' ']];
    }
    if (step.type === 'BPEDecoder') return typeof step['suffix'] === 'string' ? [[step['suffix'], ' ']] : [];
    if (step.type !== 'Replace') return [];
    const pattern = step['pattern'] as { readonly String?: unknown } | undefined;
    const { content } = step;
    return typeof pattern?.String === 'string' && typeof content === 'string' ? [[pattern.String, content]] : [];
  });
}

function textSpelling(decoder: TokenizerPart | null): Spelling {
  const replacements = replacementsOf(decoder).filter(([from]) => from !== '');
  const hasByteTokens = findStep(decoder, 'ByteFallback') !== undefined;
  const wordPiece = findStep(decoder, 'WordPiece');
  const prefix = typeof wordPiece?.['prefix'] === 'string' ? wordPiece['prefix'] : '##';
  return (token) => {
    const byte = hasByteTokens ? /^<0x(?<hex>[0-9A-Fa-f]{2})>$/u.exec(token)?.groups?.['hex'] : undefined;
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    let text = token;
    if (wordPiece !== undefined) text = text.startsWith(prefix) ? text.slice(prefix.length) : ` ${text}`;
    for (const [from, to] of replacements) text = text.replaceAll(from, to);
    return encoder.encode(text);
  };
}

/** Byte-level vocabularies say so in the decoder, or where that is missing in how texts are split. */
export function isByteLevel({ decoder, pre_tokenizer: splitter }: TokenizerJson): boolean {
  return findStep(decoder ?? splitter, 'ByteLevel') !== undefined;
}

/** What each of `tokens`, by id, stands for; ids without a token stand for nothing. Added tokens stand for their names. */
export function tokenTable(tokens: readonly (string | undefined)[], json: TokenizerJson): TokenTable {
  const spell = isByteLevel(json) ? byteLevelSpelling() : textSpelling(json.decoder);
  const added = new Map(json.added_tokens.map(({ id, content }) => [id, content]));
  const offsets = new Int32Array(tokens.length + 1);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const [id, token] of tokens.entries()) {
    const name = added.get(id);
    const bytes = name !== undefined ? encoder.encode(name) : token === undefined ? new Uint8Array() : spell(token);
    parts.push(bytes);
    size += bytes.length;
    offsets[id + 1] = size;
  }
  const bytes = new Uint8Array(size);
  parts.forEach((part, id) => {
    bytes.set(part, offsets[id] ?? 0);
  });
  return { bytes, offsets };
}
