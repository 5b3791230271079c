/** Everything the commands write. Results go to stdout; notes, progress and errors go to stderr. */
import { describeError } from './cli-error.js';

/** How stdout takes a reader that has gone (EPIPE). */
let onStdoutGone: (() => void) | undefined;

/**
 * A reader that closes its end (`inferno run … | head -1`) is no error: by default the command ends quietly with 0.
 * A long-lived command passes a handler that does nothing and simply goes on.
 */
export function onBrokenPipe(handler: () => void): void {
  onStdoutGone = handler;
}

export function watchBrokenPipes(): void {
  onStdoutGone ??= () => process.exit(0);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    onStdoutGone?.();
  });
  // With nobody reading stderr there is nobody to tell.
  process.stderr.on('error', () => undefined);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** https://no-color.org: any non-empty value turns colour off. */
function wantsStyle(stream: NodeJS.WriteStream): boolean {
  const noColor = process.env['NO_COLOR'];
  return stream.isTTY && (noColor === undefined || noColor === '') && process.env['TERM'] !== 'dumb';
}

function styled(stream: NodeJS.WriteStream, open: number, close: number, text: string): string {
  return wantsStyle(stream) ? `\u001b[${String(open)}m${text}\u001b[${String(close)}m` : text;
}

export function dim(text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styled(stream, 2, 22, text);
}

export function bold(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styled(stream, 1, 22, text);
}

function red(text: string): string {
  return styled(process.stderr, 31, 39, text);
}

/** `error: sentence` and the remedy on a line of its own; with `json` one line `{"error":{…}}`. Always on stderr. */
export function printError(error: unknown, json: boolean): void {
  const report = describeError(error);
  if (json) {
    note(JSON.stringify({ error: report }));
    return;
  }
  note(`${red('error:')} ${report.message}`);
  note(report.remedy);
}

// What a terminal would obey: C0 controls except tab and line feed, DEL, and the C1 block.
// eslint-disable-next-line no-control-regex -- control characters are what this removes
const terminalControls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

/** Model output is outside text: on a terminal it must not move the cursor, set titles or answer queries. */
export function writeAnswer(text: string): void {
  process.stdout.write(process.stdout.isTTY ? text.replace(terminalControls, '') : text);
}

/** Waits until everything written so far has been handed to the system, so that an exit loses nothing. */
export async function flushOutput(): Promise<void> {
  const flush = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => {
      if (stream.destroyed || stream.writableLength === 0) resolve();
      else {
        stream.write('', () => {
          resolve();
        });
      }
    });
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
}
