import { writeSync } from 'node:fs';
import { nativeAddon } from '../../../lib/native.js';

// Puts 16 entries at a time into the journal in the folder given, for ever, and names each as soon as it is durable.
const [directory = ''] = process.argv.slice(2);
const { addon } = nativeAddon();
const options = { directory, compressionLevel: 3, checkpointIntervalMs: 5 };
const { journal, entries } = await addon.openJournal(options);
let last = entries.length;
async function putForEver(): Promise<never> {
  for (;;) {
    const key = `key-${String(++last)}`;
    await journal.put(key, Buffer.from(`value of ${key}`));
    writeSync(1, `${key}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, putForEver));
