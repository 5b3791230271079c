import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encode, runKey } from '../../lib/background/background-record.js';
import { InfernoError } from '../../lib/errors.js';
import { answered, JournalFolder, submission } from './journal-folder.js';

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => InfernoError.isInstance(error) && error.code === code;
}

describe('the store of background work', () => {
  it('gives back after a restart what was added, counted and ended', async () => {
    await using folder = await JournalFolder.make();
    const before = await folder.store();
    const waiting = await before.add(submission({ prompt: 'a lone \ud800 surrogate' }));
    const started = await before.add(submission());
    await before.countStart(started);
    const ended = await before.add(submission());
    await before.countStart(ended);
    await before.end(ended, answered);
    await before.close();

    const after = await folder.store();
    assert.deepEqual(after.warnings, []);
    assert.deepEqual(
      after.unended.map(({ id, starts, unfinished }) => [id, starts, unfinished]),
      [
        [waiting.id, 0, 0],
        [started.id, 1, 1],
      ],
    );
    assert.deepEqual(after.find(waiting.id, 'me')?.job?.body, { model: 'tiny', prompt: 'a lone \ud800 surrogate' });
    const found = after.find(ended.id, 'me');
    assert.deepEqual([found?.end?.status, found?.end?.response], [answered.status, answered.response]);
    assert.deepEqual(found?.ticket, ended.ticket);
    await after.close();
  });

  it('shows records to their owner only, newest first', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const mine = [];
    for (let i = 0; i < 5; i++) mine.unshift(await store.add(submission({ owner: 'me' })));
    const other = await store.add(submission({ owner: 'you' }));
    assert.equal(store.find(other.id, 'me'), undefined);
    const first = store.page('me', 2, undefined);
    assert.deepEqual(first, { records: mine.slice(0, 2), hasMore: true });
    assert.deepEqual(store.page('me', 3, mine[1]?.id), { records: mine.slice(2), hasMore: false });
    assert.equal(store.page('me', 3, other.id), undefined);
    await store.close();
  });

  it('knows an idempotency key again, at once and after a restart, per owner', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const adding = store.add(submission({ idempotencyKey: 'k' }));
    const repeated = store.repeated({ owner: 'me', idempotencyKey: 'k' });
    const record = await adding;
    assert.equal(await repeated, record);
    assert.equal(store.repeated({ owner: 'you', idempotencyKey: 'k' }), undefined);
    await store.close();
    const again = await folder.store();
    assert.equal((await again.repeated({ owner: 'me', idempotencyKey: 'k' }))?.id, record.id);
    await again.close();
  });

  it('forgets what it removed, on disk too', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const record = await store.add(submission({ idempotencyKey: 'k' }));
    await store.countStart(record);
    await store.end(record, answered);
    await store.remove(record);
    assert.equal(store.find(record.id, 'me'), undefined);
    assert.equal(store.repeated({ owner: 'me', idempotencyKey: 'k' }), undefined);
    await store.close();
    assert.deepEqual(await folder.keys(), []);
  });

  it('keeps of an ended record its end alone', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const record = await store.add(submission());
    await store.countStart(record);
    await store.end(record, answered);
    await store.close();
    assert.deepEqual(await folder.keys(), [`end/${record.id}/1`]);
  });

  it('refuses what is too much, and takes it when something has ended', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store({}, { unended: 2 });
    const first = await store.add(submission());
    await store.add(submission());
    await assert.rejects(store.add(submission({ idempotencyKey: 'k' })), hasCode('queue_full'));
    assert.equal(store.repeated({ owner: 'me', idempotencyKey: 'k' }), undefined);
    await store.end(first, { status: 'cancelled' });
    await store.add(submission({ idempotencyKey: 'k' }));
    await assert.rejects(store.add(submission()), hasCode('queue_full'));
    await store.close();
    const small = await folder.store({}, { unendedBytes: 2000 });
    await assert.rejects(small.add(submission({ prompt: 'x'.repeat(2000) })), hasCode('queue_full'));
    await small.close();
  });

  it('removes the oldest of too many ends, and ends that are too old', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store({}, { ended: 3 });
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      const record = await store.add(submission());
      ids.push(record.id);
      await store.end(record, answered);
    }
    await store.close();
    assert.deepEqual(
      await folder.keys(),
      ids.slice(3).map((id) => `end/${id}/0`),
    );
    const later = await folder.store({ retentionMs: 0 });
    later.removeExpired();
    await later.close();
    assert.deepEqual(await folder.keys(), []);
  });

  it('cleans up what a process left that ended between two changes, and keeps what it cannot read', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const record = await store.add(submission());
    await store.end(record, answered);
    await store.close();
    const { journal } = await folder.journal();
    const { ticket } = record;
    const job = { ticket, weight: 1, body: {} };
    await journal.put(`job/${record.id}`, encode(job));
    await journal.put(runKey('bg_nobody'), encode({ version: 1, starts: 1, unfinished: 1 }));
    await journal.put('job/bg_damaged', Buffer.from('{"ticket":'));
    await journal.put('later/version', Buffer.from('{}'));
    // A second end could only come from answering twice.
    await journal.put(
      `end/${record.id}/2`,
      encode({ ticket, status: 'completed', endedMs: 5, starts: 2, response: '"another"' }),
    );
    await journal.close();
    const recovered = await folder.store();
    assert.equal(recovered.find(record.id, 'me')?.end?.response, answered.response);
    assert.equal(recovered.warnings.length, 2);
    assert.match(recovered.warnings.join(' '), /ended twice.*2 entries .* not readable/);
    await recovered.close();
    assert.deepEqual(await folder.keys(), [`end/${record.id}/0`, 'job/bg_damaged', 'later/version']);
  });

  it('takes and ends nothing that the journal refuses', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const record = await store.add(submission());
    await store.close();
    const refused = submission({ idempotencyKey: 'k' });
    await assert.rejects(store.add(refused), hasCode('journal_unavailable'));
    assert.equal(store.find(refused.id, 'me'), undefined);
    assert.equal(store.repeated({ owner: 'me', idempotencyKey: 'k' }), undefined);
    await assert.rejects(store.countStart(record), hasCode('journal_unavailable'));
    await assert.rejects(store.end(record, answered), hasCode('journal_unavailable'));
    assert.deepEqual([record.starts, record.end], [0, undefined]);
  });

  it('says so when the folder is in use or no folder', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    await assert.rejects(folder.store(), hasCode('journal_unavailable'));
    await store.close();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await assert.rejects(folder.store({ directory: file }), hasCode('journal_unavailable'));
  });

  it('makes a folder that only its owner may read', { skip: process.platform === 'win32' }, async () => {
    await using folder = await JournalFolder.make();
    const directory = join(folder.path, 'new', 'journal');
    const store = await folder.store({ directory });
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    await store.close();
  });
});
