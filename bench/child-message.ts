/** What a child says over its channel. */
import { once } from 'node:events';
import type { Child } from './processes.js';

/** The next message; rejects when the child ends first. */
export async function messageFrom(child: Child): Promise<unknown> {
  const given = new AbortController();
  const { signal } = given;
  const message = once(child.process, 'message', { signal });
  const ended = once(child.process, 'exit', { signal });
  try {
    const first: unknown[] = await Promise.race([
      message,
      ended.then(() => {
        throw child.failure('ended');
      }),
    ]);
    return first[0];
  } finally {
    given.abort();
    await Promise.allSettled([message, ended]);
  }
}
