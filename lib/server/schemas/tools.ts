import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { arrayOf, flag, text } from './fields.js';
import type { RawBody } from './sampling.js';
import { toolParameters, toolsOf } from './tool-parameters.js';

/** Of those that may be called. */
const mostChosen = 1024;
const toolsError = 'an array of tools such as {"type": "function", "function": {"name": "…"}}';
const toolNameError = 'a name of up to 128 letters, digits, _ . : -';
const toolName = z.string({ error: toolNameError }).regex(/^[\w.:-]{1,128}$/, { error: toolNameError });

const tool = z.object(
  {
    type: z.literal('function', { error: '"function" (this server calls no tools of its own)' }),
    function: z.object(
      {
        name: toolName,
        description: text.describe('What it does, for the model.'),
        parameters: toolParameters.nullish().describe('A JSON schema of its arguments.'),
        strict: flag.describe('Taken and left alone: a call that is forced follows its schema in any case.'),
      },
      { error: 'an object with a name' },
    ),
  },
  { error: 'a tool such as {"type": "function", "function": {"name": "…"}}' },
);

export type Tool = z.infer<typeof tool>;

const choiceError = '"none", "auto", "required" or an object that names a function';

const functionChoice = z.object({
  type: z.literal('function', { error: '"function" or "allowed_tools"' }),
  function: z.object({ name: toolName }, { error: 'an object with the name of a function' }),
});

const allowedTools = z.object({
  type: z.literal('allowed_tools'),
  allowed_tools: z.object(
    {
      mode: z.enum(['auto', 'required'], { error: '"auto" or "required"' }),
      tools: arrayOf(functionChoice, { error: 'an array of functions', least: 1, most: mostChosen }),
    },
    { error: 'an object with a mode and tools' },
  ),
});

/** What chat requests say about functions. */
export const toolFields = {
  tools: toolsOf(tool, toolsError).nullish().describe('Functions that the model may call.'),
  tool_choice: z
    .union(
      [
        z.enum(['none', 'auto', 'required'], { error: choiceError }),
        z.discriminatedUnion('type', [functionChoice, allowedTools], { error: choiceError }),
      ],
      { error: choiceError },
    )
    .nullish()
    .describe('`auto`: the model decides; `required` or a named function: it must call; `none`. Default auto.'),
  parallel_tool_calls: flag.describe(
    'Whether one answer may call several functions. Default: what the template can show.',
  ),
};

export type ToolBody = z.infer<z.ZodObject<typeof toolFields>>;

/** The functions that the answer may call. */
export interface OfferedTools {
  readonly tools: readonly Tool[];
  readonly choice: 'auto' | 'required' | 'none';
}

export function offeredTools(body: ToolBody): OfferedTools {
  const tools = body.tools ?? [];
  const choice = body.tool_choice ?? 'auto';
  if (tools.length === 0) return { tools, choice: 'none' };
  if (typeof choice === 'string') return { tools, choice };
  const offered = (names: readonly string[]): readonly Tool[] =>
    tools.filter((candidate) => names.includes(candidate.function.name));
  if (choice.type === 'function') return { tools: offered([choice.function.name]), choice: 'required' };
  const { mode, tools: allowed } = choice.allowed_tools;
  return { tools: offered(allowed.map((item) => item.function.name)), choice: mode };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function nameOf(value: unknown): unknown {
  return isObject(value) && isObject(value['function']) ? value['function']['name'] : undefined;
}

/** Names that `tool_choice` asks for. */
function wantedNames(choice: unknown): readonly unknown[] {
  if (!isObject(choice)) return [];
  const allowed = isObject(choice['allowed_tools']) ? choice['allowed_tools']['tools'] : undefined;
  return Array.isArray(allowed) ? allowed.map(nameOf) : [nameOf(choice)];
}

/** What must hold between a choice and the tools. */
export function toolRules(body: RawBody): Fault[] {
  const { tools, tool_choice: choice } = body;
  const names = Array.isArray(tools) ? tools.map(nameOf) : [];
  const isForced = choice === 'required' || isObject(choice);
  if (isForced && names.length === 0) {
    return [{ param: 'tool_choice', message: 'Expected tools for tool_choice to choose from.' }];
  }
  const faults: Fault[] = [];
  const known = new Set(names);
  const missing = wantedNames(choice).find((name) => typeof name === 'string' && !known.has(name));
  if (typeof missing === 'string') {
    const message = `Expected the name of one of the tools for tool_choice but received ${JSON.stringify(missing.slice(0, 128))}.`;
    faults.push({ param: 'tool_choice', message });
  }
  const seen = new Set<string>();
  // Not `indexOf`, which would take hours for a million names.
  const twice = names.findIndex((name) => typeof name === 'string' && seen.size === seen.add(name).size);
  if (twice >= 0) {
    const param = `tools[${String(twice)}].function.name`;
    faults.push({ param, message: `Expected names that differ for tools but received ${String(names[twice])} again.` });
  }
  return faults;
}
