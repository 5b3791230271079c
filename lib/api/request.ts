import type { Json } from '../json-schema/json.js';
import { keepSchema } from '../json-schema/keep-schema.js';
import { expected } from '../errors.js';
import { tiers } from '../native-types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import { isObject, OptionReader } from './option-reader.js';
import type { Faults, NumberRange } from './option-reader.js';
import type { ChatMessage, ChatOptions, GenerationOptions } from './types.js';

const maxInt32 = 2 ** 31 - 1;
const maxStopStrings = 16;
const maxUserLength = 256;
const unit: NumberRange = { min: 0, max: 1 };
const penalty: NumberRange = { min: -2, max: 2 };
const count: NumberRange = { min: 0, max: maxInt32, integer: true };
const tokenId: NumberRange = { min: 0, max: maxInt32, integer: true };

const generationOptionNames = [
  'temperature',
  'topK',
  'topP',
  'minP',
  'typicalP',
  'repeatPenalty',
  'repeatLastN',
  'presencePenalty',
  'frequencyPenalty',
  'seed',
  'logitBias',
  'maxTokens',
  'stop',
  'grammar',
  'jsonSchema',
  'logprobs',
  'ignoreEos',
  'priority',
  'user',
  'deadlineMs',
  'estimatedTokens',
  'signal',
] as const satisfies readonly (keyof GenerationOptions)[];

const chatOptionNames = [
  ...generationOptionNames,
  'tools',
  'toolChoice',
  'parallelToolCalls',
  'parseReasoning',
  'reasoningBudget',
  'templateArguments',
] as const satisfies readonly (keyof ChatOptions)[];

/** What every kind of prompt has in common. */
type Settings = Omit<
  NativeGenerationRequest,
  'prompt' | 'tokens' | 'messagesJson' | 'toolsJson' | 'templateArgumentsJson'
>;

/** A checked request and the signal that came with it. */
export interface CheckedRequest {
  readonly request: NativeGenerationRequest;
  readonly signal: AbortSignal | undefined;
}

function readStop(options: OptionReader): readonly string[] {
  const stop = options.raw('stop');
  if (stop === undefined) return [];
  const strings: unknown = typeof stop === 'string' ? [stop] : stop;
  if (!Array.isArray(strings)) {
    options.faults.type(expected('a string or an array of strings', 'stop', stop));
    return [];
  }
  if (strings.length > maxStopStrings) {
    options.faults.range(
      `Expected at most ${String(maxStopStrings)} strings for stop but received ${String(strings.length)}.`,
    );
  }
  for (const [index, value] of strings.entries()) {
    if (typeof value === 'string' && value !== '') continue;
    options.faults.type(expected('a string that is not empty', `stop[${String(index)}]`, value));
  }
  return strings as string[];
}

function readLogitBias(options: OptionReader): { logitBias?: Float64Array } {
  const biases = Object.entries(options.object('logitBias') ?? {});
  if (biases.length === 0) return {};
  const pairs = biases.map(([token, bias]): [number, number] => {
    if (!/^\d+$/u.test(token) || Number(token) > maxInt32) {
      options.faults.type(expected('token ids', 'the keys of logitBias', token));
    } else if (typeof bias !== 'number') {
      options.faults.type(expected('a number from -100 to 100', `logitBias[${token}]`, bias));
    } else if (!(bias >= -100 && bias <= 100)) {
      options.faults.range(expected('a number from -100 to 100', `logitBias[${token}]`, bias));
    }
    return [Number(token), Number(bias)];
  });
  return { logitBias: Float64Array.from(pairs.flat()) };
}

function readConstraint(options: OptionReader): { grammar?: string; jsonSchema?: string } {
  const grammar = options.text('grammar');
  const jsonSchema = options.object('jsonSchema');
  if (grammar !== undefined && jsonSchema !== undefined) {
    options.faults.type('Expected grammar or jsonSchema but received both.');
  }
  if (grammar !== undefined) return { grammar };
  if (jsonSchema === undefined) return {};
  const found = keepSchema(JSON.parse(JSON.stringify(jsonSchema)) as Json);
  if ('kept' in found) return { jsonSchema: JSON.stringify(found.kept) };
  options.faults.range(`Expected ${found.expected} for jsonSchema.`);
  return {};
}

function readPriority(options: OptionReader): Pick<Settings, 'tier' | 'user' | 'deadlineMs' | 'estimatedTokens'> {
  const user = options.text('user') ?? '';
  if (user.length > maxUserLength) {
    const length = String(user.length);
    options.faults.range(`Expected at most ${String(maxUserLength)} characters for user but received ${length}.`);
  }
  return {
    tier: tiers.indexOf(options.choice('priority', tiers, 'normal')),
    user,
    deadlineMs: options.number('deadlineMs', { min: 1, max: 86_400_000 }, 0),
    estimatedTokens: options.number('estimatedTokens', { min: 1, max: 2_000_000, integer: true }, 0),
  };
}

function readSettings(options: OptionReader): Settings {
  const stop = readStop(options);
  return {
    maxTokens: options.number('maxTokens', { min: 1, max: 2_000_000, integer: true }, -1),
    temperature: options.number('temperature', { min: 0, max: 2 }, 0.8),
    topK: options.number('topK', count, 40),
    topP: options.number('topP', unit, 0.95),
    minP: options.number('minP', unit, 0.05),
    typicalP: options.number('typicalP', unit, 1),
    repeatPenalty: options.number('repeatPenalty', { min: 0, max: 100, exclusiveMin: true }, 1),
    repeatLastN: options.number('repeatLastN', count, 64),
    presencePenalty: options.number('presencePenalty', penalty, 0),
    frequencyPenalty: options.number('frequencyPenalty', penalty, 0),
    // 2^32 - 1 is llama.cpp's word for "random".
    seed: options.number('seed', { min: 0, max: 2 ** 32 - 2, integer: true }, -1),
    logprobs: options.number('logprobs', { min: 0, max: 20, integer: true }, -1),
    ignoreEos: options.boolean('ignoreEos', false),
    escapeJson: false,
    ...readPriority(options),
    ...readLogitBias(options),
    ...readConstraint(options),
    ...(stop.length === 0 ? {} : { stop }),
  };
}

/** Token ids as the engine takes them; other arrays of integers are copied. */
export function readTokens(value: unknown, name: string, faults: Faults): Int32Array {
  if (value instanceof Int32Array) return value;
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
    faults.type(expected('an Int32Array or an array of token ids', name, value));
    return new Int32Array();
  }
  const ids = Array.from(value as unknown as ArrayLike<unknown>);
  const wrong = ids.findIndex(
    (id) => !(Number.isInteger(id) && (id as number) >= tokenId.min && (id as number) <= tokenId.max),
  );
  if (wrong !== -1) {
    faults.type(expected(`a whole number from 0 to ${String(maxInt32)}`, `${name}[${String(wrong)}]`, ids[wrong]));
  }
  return Int32Array.from(ids as number[]);
}

function readContentPart(part: unknown, name: string, faults: Faults): void {
  if (!isObject(part)) faults.type(expected('an object', name, part));
  else if (part['type'] !== 'text') faults.type(expected("'text'", `${name}.type`, part['type']));
  else if (typeof part['text'] !== 'string') faults.type(expected('a string', `${name}.text`, part['text']));
}

const roles: readonly unknown[] = ['system', 'developer', 'user', 'assistant', 'tool'] satisfies ChatMessage['role'][];

function readMessage(message: unknown, name: string, faults: Faults): Readonly<Record<string, unknown>> {
  if (!isObject(message)) {
    faults.type(expected('an object', name, message));
    return {};
  }
  const { role, content } = message;
  if (!roles.includes(role)) faults.type(expected(`one of ${roles.join(', ')}`, `${name}.role`, role));
  if (Array.isArray(content)) {
    for (const [index, part] of content.entries()) readContentPart(part, `${name}.content[${String(index)}]`, faults);
  } else if (typeof content !== 'string' && content !== null && content !== undefined) {
    faults.type(expected('a string, an array of parts or null', `${name}.content`, content));
  }
  // Templates know "system" only; "developer" is its newer name at OpenAI.
  return { ...message, role: role === 'developer' ? 'system' : role, content: content ?? null };
}

/** OpenAI's `messages` as JSON for the engine. What order and roles a template accepts is the template's business. */
export function messagesToJson(messages: unknown, faults: Faults): string {
  if (!Array.isArray(messages)) {
    faults.type(expected('an array', 'messages', messages));
    return '[]';
  }
  if (messages.length === 0) faults.range('Expected at least one message for messages but received none.');
  return JSON.stringify(messages.map((message, index) => readMessage(message, `messages[${String(index)}]`, faults)));
}

/** @throws TypeError or RangeError that names everything that is wrong. */
export function completionRequest(prompt: string | Int32Array | readonly number[], given: unknown): CheckedRequest {
  const options = new OptionReader(given, generationOptionNames);
  const settings = readSettings(options);
  const signal = options.signal();
  const source = typeof prompt === 'string' ? { prompt } : { tokens: readTokens(prompt, 'prompt', options.faults) };
  options.faults.throwIfAny();
  return { request: { ...settings, ...source }, signal };
}

function toolName(tool: unknown): unknown {
  return isObject(tool) && isObject(tool['function']) ? tool['function']['name'] : undefined;
}

const toolChoices = ['auto', 'none', 'required'] as const;

function readTools(
  options: OptionReader,
): Pick<NativeGenerationRequest, 'toolsJson' | 'toolChoice' | 'parallelToolCalls'> {
  const tools = options.array('tools') ?? [];
  const choice = options.raw('toolChoice') ?? 'auto';
  const named = isObject(choice) ? choice['name'] : undefined;
  if (named === undefined && !toolChoices.some((known) => known === choice)) {
    options.faults.type(expected("'auto', 'none', 'required' or { name }", 'toolChoice', choice));
  }
  const offered = named === undefined ? tools : tools.filter((tool) => toolName(tool) === named);
  if (offered.length === 0 && (named !== undefined || choice === 'required')) {
    options.faults.type(`Expected tools with the function that toolChoice asks for.`);
  }
  if (offered.length === 0) return {};
  const parallel =
    options.raw('parallelToolCalls') === undefined ? undefined : options.boolean('parallelToolCalls', true);
  const toolChoice = named === undefined ? toolChoices.find((known) => known === choice) : 'required';
  return {
    toolsJson: JSON.stringify(offered),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(parallel === undefined ? {} : { parallelToolCalls: parallel }),
  };
}

/** @throws TypeError or RangeError that names everything that is wrong. */
export function chatRequest(messages: readonly ChatMessage[], given: unknown): CheckedRequest {
  const options = new OptionReader(given, chatOptionNames);
  const settings = readSettings(options);
  const signal = options.signal();
  const messagesJson = messagesToJson(messages, options.faults);
  const tools = readTools(options);
  const templateArguments = options.object('templateArguments');
  const reasoningBudget = options.number('reasoningBudget', { min: 0, max: 2_000_000, integer: true }, -1);
  const parseReasoning = options.boolean('parseReasoning', true);
  options.faults.throwIfAny();
  const request = {
    ...settings,
    messagesJson,
    ...tools,
    parseReasoning,
    ...(reasoningBudget < 0 ? {} : { reasoningBudget }),
    ...(templateArguments === undefined ? {} : { templateArgumentsJson: JSON.stringify(templateArguments) }),
  };
  return { request, signal };
}
