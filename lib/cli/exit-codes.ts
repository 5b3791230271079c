/** What the process ends with; documented in `inferno --help` and in the README. */
export const ExitCode = {
  ok: 0,
  /** The work was asked for correctly and could not be done. */
  failure: 1,
  /** The command line itself is wrong; nothing was started. */
  usage: 2,
  /** Ended by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** Ended at once by a second SIGTERM (128 + SIGTERM). */
  terminated: 143,
} as const;
