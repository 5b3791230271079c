import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import type { RequestDefaults, ServerOptions } from '../server/index.js';
import { UsageError } from './cli-error.js';
import { collect, fileText, nonEmpty } from './option-parsers.js';

/** The flags that say what holds for requests that do not say, and who may call. */
export interface RequestDefaultFlags {
  readonly requestDefault?: Readonly<Record<string, unknown>>;
  readonly grammarFile?: string;
  readonly jsonSchemaFile?: string;
  readonly corsOrigin?: readonly string[];
  readonly slots: boolean;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** "temperature=0.2" */
function field(given: string, earlier: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const match = /^(?<name>\w+)=(?<value>.*)$/su.exec(given);
  const { name, value } = match?.groups ?? {};
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError(`Expected FIELD=VALUE but received "${given}".`);
  }
  return { ...earlier, [name]: parsed(value) };
}

export function addRequestDefaultFlags(command: Command): void {
  command
    .option('--request-default <field=value>', 'for requests that do not say, e.g. temperature=0.2 (repeatable)', field)
    .option('--grammar-file <file>', 'GBNF grammar for requests that have no constraint of their own', fileText)
    .option('--json-schema-file <file>', 'JSON schema for such requests', fileText)
    .option('--cors-origin <origin>', 'pages from there may call the server; * is any (repeatable)', collect)
    .option('--no-slots', 'GET /slots answers 501');
}

export async function requestDefaultsFrom(flags: RequestDefaultFlags): Promise<Partial<ServerOptions>> {
  const defaults: RequestDefaults = {
    ...flags.requestDefault,
    ...(flags.grammarFile === undefined ? {} : { grammar: flags.grammarFile }),
    ...(flags.jsonSchemaFile === undefined
      ? {}
      : { json_schema: parsed(flags.jsonSchemaFile) as RequestDefaults['json_schema'] }),
  };
  // Here, so that --help answers without loading the schemas.
  const { resolveDefaults } = await import('../server/request-defaults.js');
  try {
    resolveDefaults(defaults);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message, 'Correct the flag, or the --request-default, of that field.');
  }
  return {
    defaults,
    slots: flags.slots,
    ...(flags.corsOrigin === undefined ? {} : { cors: flags.corsOrigin }),
  };
}

/** One key per line; lines that begin with # are remarks. */
export function keysIn(path: string): string[] {
  let lines: string[];
  try {
    lines = readFileSync(nonEmpty(path), 'utf8').split(/\r?\n/u);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(`The file ${path} cannot be read: ${(error as Error).message}.`);
  }
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) throw new InvalidArgumentError(`The file ${path} has no keys.`);
  return keys;
}
