import { ExitCode } from './exit-codes.js';

type StopSignal = 'SIGINT' | 'SIGTERM';

function exitCodeFor(signal: StopSignal): number {
  return signal === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
}

/**
 * Calls `onFirst` at the first Ctrl-C or SIGTERM; a second one ends the process at once, whatever hangs.
 * Returns a function that gives the signals their default meaning back.
 */
export function onStopSignal(onFirst: (exitCode: number) => void): () => void {
  let stopping = false;
  const handle = (signal: StopSignal): void => {
    const exitCode = exitCodeFor(signal);
    if (stopping) process.exit(exitCode);
    stopping = true;
    onFirst(exitCode);
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return () => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
  };
}
