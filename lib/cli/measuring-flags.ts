import type { Command } from 'commander';
import type { LoadModelOptions } from '../api/types.js';
import type { ServerOptions } from '../server/index.js';
import { UsageError } from './cli-error.js';
import { nonEmpty } from './option-parsers.js';

/** The flags that say what is measured of requests, and what is done to answers on their way. */
export interface MeasuringFlags {
  readonly profiling: boolean;
  readonly profileBaseline?: string;
  readonly compression: boolean;
}

export function addMeasuringFlags(command: Command): Command {
  return command
    .option('--no-profiling', 'measure nothing: /metrics and what is below it answer 404')
    .option(
      '--profile-baseline <file>',
      'where POST /metrics/profiles/baseline keeps what is usual, and where it is read from',
      nonEmpty,
    )
    .option('--no-compression', 'send answers as they are, whatever clients accept');
}

/** Throws UsageError for flags that do not go together. */
export function measuringFrom(flags: MeasuringFlags): Pick<ServerOptions, 'profiling' | 'compression'> {
  const { profiling, profileBaseline, compression } = flags;
  if (!profiling && profileBaseline !== undefined) {
    throw new UsageError('--no-profiling and --profile-baseline exclude each other.', 'Leave one of them out.');
  }
  return {
    ...(profiling ? {} : { profiling: false }),
    ...(profileBaseline === undefined ? {} : { profiling: { baselineFile: profileBaseline } }),
    ...(compression ? {} : { compression: false }),
  };
}

/** Of the engine, which measures every generation. */
export function engineMeasuringFrom({ profiling }: MeasuringFlags): Pick<LoadModelOptions, 'profiling'> {
  return profiling ? {} : { profiling: false };
}
