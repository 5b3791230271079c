import { Command, CommanderError } from 'commander';
import { packageVersion } from '../version.js';
import type { OwnFlag } from './llama-flags/command-line.js';
import { UsageError } from './cli-error.js';
import { addBenchCommand } from './commands/bench.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addGpuCommand } from './commands/gpu.js';
import { addModelsCommand } from './commands/models.js';
import { addRunCommand } from './commands/run.js';
import { addServeCommand } from './commands/serve.js';

const afterHelp = `
Examples:
  inferno serve                                 the API on http://127.0.0.1:8080 with the built-in model Ember
  inferno serve --model qwen.gguf --port 9000   your own GGUF file
  inferno run "Tell me a short story."          one answer
  inferno run                                   a chat in this terminal
  inferno bench --html report.html              how fast it is here

Exit codes: 0 done, 1 failed, 2 wrong command line, 130 interrupted (143 by SIGTERM).
NO_COLOR=1 turns styling off. With --json an error is one line {"error":{"code","message","remedy"}} on stderr.`;

/** "inferno models quantize" for the command `quantize`. */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** Commander's text is "error: what is wrong" and perhaps "(Did you mean serve?)" on a second line. */
function toUsageError(error: CommanderError, command: Command): UsageError {
  const help = `See \`${fullName(command)} --help\`.`;
  if (error.code === 'commander.help') return new UsageError('No command was given.', help);
  const [first = '', ...rest] = error.message.split('\n');
  const message = first.replace(/^error: /u, '');
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/u, '$1');
  return new UsageError(message, suggestion === '' ? help : `${suggestion} ${help}`);
}

/** Asked for, as opposed to the help that Commander shows when a command is missing. */
export function isHelpOrVersion(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** Makes wrong command lines arrive as errors here instead of ending the process inside Commander. */
function reportErrorsToUs(command: Command): void {
  command.exitOverride((error) => {
    throw isHelpOrVersion(error) ? error : toUsageError(error, command);
  });
  command.configureOutput({ outputError: () => undefined });
  for (const child of command.commands) reportErrorsToUs(child);
}

/** The flags of one command, --help included. */
export function flagsOf(program: Command, name: string): OwnFlag[] {
  const command = program.commands.find((candidate) => candidate.name() === name);
  const flags = (command?.options ?? []).map(({ long, short, required, optional }) => ({
    long,
    short,
    takesValue: required || optional,
  }));
  return [...flags, { long: '--help', short: '-h', takesValue: false }];
}

export function createProgram(): Command {
  const program = new Command('inferno')
    .description('Local AI inference: an OpenAI-compatible server, a chat and model tools on llama.cpp.')
    .version(packageVersion, '-v, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    // A subcommand may have an option of its parent's name, as `bench report --html` has.
    .enablePositionalOptions()
    .addHelpText('after', afterHelp);
  addServeCommand(program);
  addRunCommand(program);
  addModelsCommand(program);
  addBenchCommand(program);
  addGpuCommand(program);
  addDoctorCommand(program);
  reportErrorsToUs(program);
  return program;
}
