import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ServerOptions } from '../server/index.js';
import { nonEmpty } from './option-parsers.js';
import { note } from './output.js';

/** The flags that switch background work on and say where it lies. */
export interface BackgroundFlags {
  readonly background?: boolean;
  readonly journal?: string;
}

/** `inferno/journal` in the folder where this system keeps what programs remember between runs. */
function defaultJournalDirectory(): string {
  const { platform, env } = process;
  const home = homedir();
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'inferno', 'journal');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'inferno', 'journal');
  const state = env['XDG_STATE_HOME'];
  return join(state === undefined || state === '' ? join(home, '.local', 'state') : state, 'inferno', 'journal');
}

export function addBackgroundFlags(command: Command): Command {
  return command
    .option('--background', 'take requests with "background": true, which survive a restart')
    .option('--journal <dir>', "the same, kept in this folder; default: in the user's state folder", nonEmpty);
}

/** Nothing unless one of the flags was given. */
export function backgroundFrom({ background, journal }: BackgroundFlags): Pick<ServerOptions, 'background'> {
  if (background !== true && journal === undefined) return {};
  const onWarning = (sentence: string): void => {
    note(`warning: ${sentence}`);
  };
  return { background: { directory: journal ?? defaultJournalDirectory(), onWarning } };
}
