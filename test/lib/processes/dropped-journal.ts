import { setTimeout as delay } from 'node:timers/promises';
import { nativeAddon } from '../../../lib/native.js';

// A journal that nobody holds any more finishes its puts, then gives its folder back.
const [directory = ''] = process.argv.slice(2);
const { addon } = nativeAddon();
const options = { directory, compressionLevel: 3, checkpointIntervalMs: 60_000 };

async function putAndForget(): Promise<Promise<void>[]> {
  const { journal } = await addon.openJournal(options);
  return Array.from({ length: 100 }, (_, index) => journal.put(`key-${String(index)}`, new Uint8Array(100)));
}

const puts = await putAndForget();
globalThis.gc?.();
await Promise.all(puts);
for (;;) {
  globalThis.gc?.();
  await delay(1);
  const reopened = await addon.openJournal(options).catch(() => undefined);
  if (reopened === undefined) continue;
  console.log('done', reopened.entries.length);
  break;
}
