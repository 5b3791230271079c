/** Requests that are made to hurt: what each is, and the status that refuses it. Tests and measurements share them. */

export interface HostileRequest {
  readonly what: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
}

const messages = [{ role: 'user', content: 'Once' }];
const mebibyte = 2 ** 20;
/** Just under what is read of a body. */
const nearLimit = 8 * mebibyte - 1024;
const chat = '/v1/chat/completions';

/** `levels` objects or arrays inside each other. */
export function nested(levels: number, wrap: (inner: string) => string): string {
  const [before = '', behind = ''] = wrap('\u0000').split('\u0000');
  return `${before.repeat(levels)}{"type":"integer"}${behind.repeat(levels)}`;
}

export function withSchema(schema: string): string {
  return `{"messages":${JSON.stringify(messages)},"max_tokens":4,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${schema}}}}`;
}

function withField(name: string, value: unknown): string {
  return JSON.stringify({ messages, max_tokens: 4, [name]: value });
}

function withTool(parameters: string, choice = 'auto'): string {
  return `{"messages":${JSON.stringify(messages)},"max_tokens":4,"tool_choice":"${choice}","tools":[{"type":"function","function":{"name":"a","parameters":${parameters}}}]}`;
}

function list<Item>(count: number, item: (at: number) => Item): Item[] {
  return Array.from({ length: count }, (_, at) => item(at));
}

function object(count: number, isRequired = false): string {
  const names = list(count, (at) => `p${String(at)}`);
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  return JSON.stringify({ type: 'object', properties, ...(isRequired ? { required: names } : {}) });
}

/** As often as it fits into a body, in an array. */
function filled(item: string, room = nearLimit): string {
  return `[${`${item},`.repeat(Math.floor((room - 200) / (item.length + 1)) - 1)}${item}]`;
}

function names(count: number, value: string): string {
  return `{${list(count, (at) => `"n${String(at)}":${value}`).join(',')}}`;
}

const manyValues = JSON.stringify({ enum: list(100_000, (at) => `v${String(at)}`) });
const alternatives = list(40, (at) => ({ anyOf: [{ minLength: at }, { maxItems: at }, { minimum: at }] }));
/** Each refers to the next one twice, which is 2^30 parts when written out. */
const bomb = (keyword: 'allOf' | 'anyOf'): string => {
  const parts = list(30, (at) => {
    const next = { $ref: `#/$defs/d${String(at + 1)}` };
    return [`d${String(at)}`, { [keyword]: [next, next] }] as const;
  });
  return JSON.stringify({ $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(parts), d30: { type: 'integer' } } });
};
const deepArray = '['.repeat(200_000) + ']'.repeat(200_000);
const doubling = list(40, (at) => `r${at === 0 ? 'oot' : String(at)} ::= r${String(at + 1)} r${String(at + 1)}`);
const completion = (fields: object): string => JSON.stringify({ prompt: 'a', n_predict: 4, ...fields });

const grammars: readonly HostileRequest[] = [
  {
    what: '60,000 groups of a grammar inside each other',
    path: chat,
    body: withField('grammar', `root ::= ${'('.repeat(60_000)}"a"${')'.repeat(60_000)}`),
    status: 400,
  },
  { what: 'a grammar that is none', path: chat, body: withField('grammar', 'root := ['), status: 400 },
  {
    what: 'a grammar of 7 MiB',
    path: chat,
    body: withField('grammar', `root ::= ${'"a" '.repeat(1_200_000)}`),
    status: 400,
  },
  {
    what: 'a grammar of 2^40 ways',
    path: '/completion',
    body: completion({ grammar: `${doubling.join('\n')}\nr40 ::= "a"?` }),
    status: 400,
  },
  {
    what: 'a grammar that begins with itself behind an empty rule',
    path: '/completion',
    body: completion({ grammar: 'root ::= a root "x" | "y"\na ::= b\nb ::= ""' }),
    status: 400,
  },
  {
    what: 'a grammar that repeats repetitions',
    path: '/completion',
    body: completion({ grammar: `root ::= ${'('.repeat(8)}"a"${'{1,999})'.repeat(8)}` }),
    status: 400,
  },
];

const schemas: readonly HostileRequest[] = [
  {
    what: 'a schema 20,000 levels deep',
    path: chat,
    body: withSchema(nested(20_000, (inner) => `{"not":${inner}}`)),
    status: 400,
  },
  {
    what: 'a schema of properties 20,000 levels deep',
    path: chat,
    body: withSchema(nested(20_000, (inner) => `{"properties":{"a":${inner}}}`)),
    status: 400,
  },
  {
    what: 'a schema of 40 alternatives at once',
    path: chat,
    body: withSchema(JSON.stringify({ allOf: alternatives })),
    status: 400,
  },
  { what: 'a schema of 2^30 alternatives', path: chat, body: withSchema(bomb('anyOf')), status: 400 },
  { what: 'a schema that only refers to itself', path: chat, body: withSchema('{"$ref":"#"}'), status: 400 },
  {
    what: 'a schema whose parts refer to each other in a circle',
    path: chat,
    body: withSchema('{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}'),
    status: 400,
  },
  { what: 'a schema of 100,000 values', path: chat, body: withSchema(manyValues), status: 400 },
  { what: 'a schema of 20,000 optional properties', path: chat, body: withSchema(object(20_000)), status: 400 },
  { what: 'a schema of 20,000 required properties', path: chat, body: withSchema(object(20_000, true)), status: 400 },
];

const tools: readonly HostileRequest[] = [
  {
    what: 'tools nested 20,000 levels deep',
    path: chat,
    body: withTool(nested(20_000, (inner) => `{"items":${inner}}`)),
    status: 400,
  },
  { what: 'a tool of 2,000 optional properties', path: chat, body: withTool(object(2000)), status: 400 },
  {
    what: 'a required tool of 20,000 optional properties',
    path: chat,
    body: withTool(object(20_000), 'required'),
    status: 400,
  },
  {
    what: 'a required tool of 2,000 required properties',
    path: chat,
    body: withTool(object(2000, true), 'required'),
    status: 400,
  },
  { what: 'a tool of 100,000 values', path: chat, body: withTool(manyValues), status: 400 },
  {
    what: 'a tool with a pattern of 60,000 groups',
    path: chat,
    body: withTool(`{"type":"string","pattern":"^${'('.repeat(60_000)}a${')'.repeat(60_000)}$"}`, 'required'),
    status: 400,
  },
  {
    what: '100,000 tools',
    path: chat,
    body: withField(
      'tools',
      list(100_000, (at) => ({ type: 'function', function: { name: `f${String(at)}` } })),
    ),
    status: 400,
  },
  {
    what: 'a tool of 100,000 values for /v1/responses',
    path: '/v1/responses',
    body: `{"input":"a","max_output_tokens":4,"tools":[{"type":"function","name":"a","parameters":${manyValues}}]}`,
    status: 400,
  },
  {
    what: 'a tool of 2,000 optional properties for /v1/messages',
    path: '/v1/messages',
    body: `{"messages":${JSON.stringify(messages)},"max_tokens":4,"tools":[{"name":"a","input_schema":${object(2000)}}]}`,
    status: 400,
  },
];

const lengths: readonly HostileRequest[] = [
  {
    what: '50 MiB of content',
    path: chat,
    body: withField('messages', [{ role: 'user', content: 'a'.repeat(50 * mebibyte) }]),
    status: 413,
  },
  {
    what: '9 MiB of content',
    path: chat,
    body: withField('messages', [{ role: 'user', content: 'a'.repeat(9 * mebibyte) }]),
    status: 413,
  },
  {
    what: '7 MiB of content',
    path: chat,
    body: withField('messages', [{ role: 'user', content: 'a b '.repeat((7 * mebibyte) / 4) }]),
    status: 400,
  },
  {
    what: 'a prompt of 7 MiB',
    path: '/v1/completions',
    body: JSON.stringify({ prompt: '\u00e9 '.repeat((7 * mebibyte) / 3), max_tokens: 1 }),
    status: 400,
  },
  {
    what: 'an input of 7 MiB',
    path: '/v1/embeddings',
    body: JSON.stringify({ input: 'a b '.repeat((7 * mebibyte) / 4) }),
    status: 400,
  },
  {
    what: '7 MiB to tokenize',
    path: '/tokenize',
    body: JSON.stringify({ content: 'a b '.repeat((7 * mebibyte) / 4) }),
    status: 400,
  },
  {
    what: '100,000 messages',
    path: chat,
    body: withField(
      'messages',
      list(100_000, () => messages[0]),
    ),
    status: 400,
  },
  {
    what: 'a million messages',
    path: chat,
    body: withField(
      'messages',
      list(1_000_000, () => 0),
    ),
    status: 400,
  },
  {
    what: '400,000 biases',
    path: chat,
    body: `{"messages":${JSON.stringify(messages)},"logit_bias":{${list(400_000, (at) => `"${String(at)}":1`).join(',')}}}`,
    status: 400,
  },
  {
    what: '500,000 pairs of biases',
    path: '/completion',
    body: completion({ logit_bias: list(500_000, (at) => [at, 1]) }),
    status: 400,
  },
  {
    what: '500,000 stop strings',
    path: chat,
    body: withField(
      'stop',
      list(500_000, (at) => `s${String(at)}`),
    ),
    status: 400,
  },
  {
    what: '500,000 stop strings for /completion',
    path: '/completion',
    body: completion({ stop: list(500_000, (at) => `s${String(at)}`) }),
    status: 400,
  },
  {
    what: '500,000 modalities',
    path: chat,
    body: withField(
      'modalities',
      list(500_000, () => 'text'),
    ),
    status: 400,
  },
  {
    what: '500,000 wrong modalities',
    path: chat,
    body: withField(
      'modalities',
      list(500_000, () => 0),
    ),
    status: 400,
  },
  { what: 'a billion choices', path: chat, body: withField('n', 1_000_000_000), status: 400 },
  {
    what: '100,000 prompts',
    path: '/v1/completions',
    body: JSON.stringify({ prompt: list(100_000, () => 'a'), max_tokens: 1 }),
    status: 400,
  },
  {
    what: '1,500,000 token ids',
    path: '/v1/completions',
    body: JSON.stringify({ prompt: list(1_500_000, () => 100), max_tokens: 1 }),
    status: 400,
  },
];

const json: readonly HostileRequest[] = [
  { what: 'JSON 200,000 levels deep', path: chat, body: deepArray, status: 400 },
  { what: 'JSON 200,000 levels deep that is not closed', path: chat, body: '{"a":'.repeat(200_000), status: 400 },
  { what: 'a prompt 200,000 levels deep', path: '/v1/completions', body: `{"prompt":${deepArray}}`, status: 400 },
  { what: 'an input 200,000 levels deep', path: '/v1/embeddings', body: `{"input":${deepArray}}`, status: 400 },
  { what: 'content 200,000 levels deep', path: '/tokenize', body: `{"content":${deepArray}}`, status: 400 },
  {
    what: 'template arguments 60,000 levels deep',
    path: chat,
    body: `{"messages":${JSON.stringify(messages)},"chat_template_kwargs":${nested(60_000, (inner) => `{"a":${inner}}`)}}`,
    status: 400,
  },
  { what: '8 MiB of empty objects', path: chat, body: `{"messages":${filled('{}')}}`, status: 400 },
  { what: '8 MiB of empty arrays', path: chat, body: `{"messages":${filled('[]')}}`, status: 400 },
  { what: '8 MiB of numbers', path: chat, body: `{"messages":${filled('1')}}`, status: 400 },
  { what: '8 MiB of long numbers', path: chat, body: `{"messages":${filled('0.12345678901234567e-9')}}`, status: 400 },
  { what: '8 MiB of short texts', path: chat, body: `{"messages":${filled('""')}}`, status: 400 },
  {
    what: '8 MiB of escapes',
    path: chat,
    body: `{"messages":${filled(`"${String.raw`\"`.repeat(1000)}"`)}}`,
    status: 400,
  },
  { what: '8 MiB of white space', path: chat, body: `{"messages":${' '.repeat(nearLimit - 100)}1}`, status: 400 },
  {
    what: '600,000 names of fields',
    path: chat,
    body: `{"messages":${JSON.stringify(messages)},"metadata":${names(600_000, '0')},"n":0}`,
    status: 400,
  },
  { what: '600,000 fields that nobody knows', path: chat, body: names(600_000, '0'), status: 400 },
  { what: '8 MiB that are no JSON', path: chat, body: 'x'.repeat(nearLimit), status: 400 },
  {
    what: '1 MiB of texts with a fault at the end',
    path: chat,
    body: `${filled('"ab"', mebibyte - 100).slice(0, -1)},}`,
    status: 400,
  },
  { what: '8 MiB of texts with a fault at the end', path: chat, body: `${filled('"ab"').slice(0, -1)},}`, status: 400 },
];

export const hostileRequests: readonly HostileRequest[] = [...grammars, ...schemas, ...tools, ...lengths, ...json];

/** The same as messages of /ws/stream; `code` is that of the error which answers. */
export interface HostileMessage {
  readonly what: string;
  readonly message: string;
  readonly code: string;
}

const chatRequest = (data: string): string => `{"type":"chat_request","id":"a","data":${data}}`;

export const hostileMessages: readonly HostileMessage[] = [
  { what: 'a message of 9 MiB', message: chatRequest(`"${'a'.repeat(9 * mebibyte)}"`), code: 'body_too_large' },
  { what: 'a message 200,000 levels deep', message: chatRequest(deepArray), code: 'invalid_json' },
  { what: 'a message of 8 MiB of empty objects', message: chatRequest(filled('{}')), code: 'invalid_argument' },
  { what: 'a message of 600,000 names', message: chatRequest(names(600_000, '0')), code: 'invalid_argument' },
  {
    what: 'a message of 500,000 stop strings',
    message: chatRequest(
      withField(
        'stop',
        list(500_000, (at) => `s${String(at)}`),
      ),
    ),
    code: 'invalid_argument',
  },
  {
    what: 'a message with 60,000 groups of a grammar inside each other',
    message: chatRequest(withField('grammar', `root ::= ${'('.repeat(60_000)}"a"${')'.repeat(60_000)}`)),
    code: 'invalid_argument',
  },
  { what: 'a message of 8 MiB that is no JSON', message: 'x'.repeat(nearLimit), code: 'invalid_json' },
];
