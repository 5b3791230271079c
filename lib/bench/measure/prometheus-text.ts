/** Reads what a server's `/metrics` says (Prometheus text format): enough to follow a number over a run. */

/** All values of a metric added up over its labels; undefined when the server does not have it. */
export function metricSum(text: string, name: string): number | undefined {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    // `name{labels} value [timestamp] [# exemplar]`; label values may hold blanks and braces.
    const rest = /^(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s+(\S+)/u.exec(line.slice(name.length));
    const value = Number(rest?.[1] ?? NaN);
    if (!Number.isNaN(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}
