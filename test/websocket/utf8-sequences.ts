/** The byte sequences of sections 6.5 to 6.23 of the Autobahn test suite, after Markus Kuhn's UTF-8 decoder test. */

const hex = (...texts: readonly string[]): Buffer[] =>
  texts.map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'));
const kosme = Buffer.from('cebae1bdb9cf83cebcceb5', 'hex');
const prefixes = Array.from({ length: kosme.length }, (_, i) => kosme.subarray(0, i + 1));
/** Where a prefix of κόσμε ends between two characters. */
const wholePrefixes = [2, 5, 7, 9, 11];

/** Code points U+nFFFE and U+nFFFF of all planes. */
const nonCharacters = Array.from({ length: 17 }, (_, plane) => [0xfffe, 0xffff].map((low) => plane * 0x10000 + low))
  .flat()
  .map((point) => Buffer.from(String.fromCodePoint(point)));

const bytes = (from: number, to: number, between: readonly number[] = []): Buffer =>
  Buffer.from(Array.from({ length: to - from }, (_, i) => [from + i, ...between]).flat());

export const validUtf8: Readonly<Record<string, readonly Buffer[]>> = {
  '6.5 some valid UTF-8': [
    ...['hello$world', 'hello¢world', 'hello€world', 'hello𤭢world'].map((one) => Buffer.from(one)),
    kosme,
  ],
  '6.6 each whole prefix of a text': wholePrefixes.map((length) => kosme.subarray(0, length)),
  '6.7 the first sequence of each length': hex('00', 'c280', 'e0a080', 'f0908080'),
  '6.9 the last sequence of each length': hex('7f', 'dfbf', 'efbfbf', 'f48fbfbf'),
  '6.11 other boundaries': hex('ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'),
  '6.22 non-characters': nonCharacters,
  '6.23 specials': hex('efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf'),
};

const withoutLast = [
  'c0',
  'e080',
  'f08080',
  'f8808080',
  'fc80808080',
  'df',
  'efbf',
  'f7bfbf',
  'fbbfbfbf',
  'fdbfbfbfbf',
];

export const invalidUtf8: Readonly<Record<string, readonly Buffer[]>> = {
  '6.6 prefixes that end within a character': prefixes.filter(({ length }) => !wholePrefixes.includes(length)),
  '6.8 first sequences of five and six bytes': hex('f888808080', 'fc8480808080'),
  '6.10 last sequences of four to six bytes': hex('f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf'),
  '6.11 a code point beyond the last': hex('f4908080'),
  '6.12 continuation bytes alone': [
    ...hex('80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf'),
    bytes(0x80, 0xbf),
  ],
  '6.13 first bytes alone': [
    bytes(0xc0, 0xdf, [0x20]),
    bytes(0xe0, 0xef, [0x20]),
    bytes(0xf0, 0xf7, [0x20]),
    bytes(0xf8, 0xfb, [0x20]),
    bytes(0xfc, 0xfd, [0x20]),
  ],
  '6.14 sequences without their last byte': hex(...withoutLast),
  '6.15 such sequences after each other': hex(withoutLast.join('')),
  '6.16 impossible bytes': hex('fe', 'ff', 'fefeffff'),
  '6.17 overlong slashes': hex('c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'),
  '6.18 longest overlong sequences': hex('c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'),
  '6.19 overlong NULs': hex('c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'),
  '6.20 single surrogates': hex('eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'),
  '6.21 paired surrogates': hex(
    'eda080edb080',
    'eda080edbfbf',
    'edadbfedb080',
    'edadbfedbfbf',
    'edae80edb080',
    'edae80edbfbf',
    'edafbfedb080',
    'edafbfedbfbf',
  ),
};
