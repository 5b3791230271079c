import { nativeAddon } from '../../../lib/native.js';

// Leaves a journal open with a put under way: that is waited for, the open journal is not.
const [directory = ''] = process.argv.slice(2);
const { addon } = nativeAddon();
const { journal } = await addon.openJournal({ directory, compressionLevel: 3, checkpointIntervalMs: 60_000 });
void journal.put('last words', Buffer.from('kept')).then(() => {
  console.log('done');
});
