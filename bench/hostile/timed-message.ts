/** How long /ws/stream takes to refuse a message, counted from when all of it was written. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface TimedRefusal {
  /** Of the error that came. */
  readonly code: string | undefined;
  readonly ms: number;
}

/** An answer that takes longer is none. */
const longestMs = 60_000;

/** Over a connection of its own, as a refusal may end it. */
export async function refusalOf(port: number, message: string): Promise<TimedRefusal> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/ws/stream`, ['inferno.v1'], {
    perMessageDeflate: false,
  });
  try {
    // connection_info
    await once(socket, 'message', { signal: AbortSignal.timeout(longestMs) });
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(longestMs) }).then(([data]) => ({
      data: data as Buffer,
      at: performance.now(),
    }));
    const sentAt = await new Promise<number>((resolve) => {
      socket.send(message, () => {
        resolve(performance.now());
      });
    });
    const { data, at } = await answered;
    const { error } = JSON.parse(data.toString('utf8')) as { readonly error?: { readonly code: string } };
    return { code: error?.code, ms: Math.max(0, at - sentAt) };
  } finally {
    socket.terminate();
  }
}
