#!/usr/bin/env node
import type { Command } from 'commander';
import { readServeArguments } from './llama-flags/command-line.js';
import { exitCodeOf, InterruptedError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { flushOutput, note, printError, watchBrokenPipes } from './output.js';
import { createProgram, flagsOf, isHelpOrVersion } from './program.js';

/** Flags of llama-server become ours. */
function inOurFlags(program: Command, [command = '', ...rest]: readonly string[]): string[] {
  if (command !== 'serve') return command === '' ? [] : [command, ...rest];
  const { args, notes } = readServeArguments(rest, flagsOf(program, command), process.env);
  notes.forEach(note);
  return [command, ...args];
}

async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    const program = createProgram();
    await program.parseAsync(inOurFlags(program, argv), { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    if (isHelpOrVersion(error)) return ExitCode.ok;
    if (!(error instanceof InterruptedError)) printError(error, argv.includes('--json'));
    return exitCodeOf(error);
  }
}

async function main(): Promise<void> {
  watchBrokenPipes();
  const exitCode = await runCommandLine(process.argv.slice(2));
  await flushOutput();
  // By now every command has released what it held. A pipe that somebody keeps open must not keep the process.
  process.exit(exitCode);
}

void main();
