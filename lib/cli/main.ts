#!/usr/bin/env node
import { exitCodeOf, InterruptedError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { flushOutput, printError, watchBrokenPipes } from './output.js';
import { createProgram, isHelpOrVersion } from './program.js';

async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv, { from: 'user' });
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
