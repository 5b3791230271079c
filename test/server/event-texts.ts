/** The data of each server-sent event of a whole stream. */
export function eventsOf(stream: string): string[] {
  // Some APIs name their events before the data.
  return [...stream.matchAll(/^data: (.*)$/gmu)].map(([, data = '']) => data);
}
