import { STATUS_CODES } from 'node:http';

const lines = new Map<number, string>();

/** "404 Not Found" for 404, as uWebSockets.js wants it. */
export function statusLine(status: number): string {
  let line = lines.get(status);
  if (line === undefined) {
    line = `${String(status)} ${STATUS_CODES[status] ?? 'Error'}`;
    lines.set(status, line);
  }
  return line;
}
