import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeAddon } from '../../lib/native.js';
import type { NativeJournal, NativeOpenedJournal } from '../../lib/native-journal-types.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { addon } = nativeAddon();

let base = '';
let directory = '';
let count = 0;
before(() => {
  base = mkdtempSync(join(tmpdir(), 'inferno-journal-'));
});
beforeEach(() => {
  directory = join(base, String(++count), 'journal');
});
after(() => {
  rmSync(base, { recursive: true });
});

function open(): Promise<NativeOpenedJournal> {
  return addon.openJournal({ directory, compressionLevel: 3, checkpointIntervalMs: 60_000 });
}

function contents(opened: NativeOpenedJournal): Record<string, string> {
  return Object.fromEntries(opened.entries.map(({ key, value }) => [key, Buffer.from(value).toString()]));
}

/** What is in the folder now, with the warnings. */
async function reopen(): Promise<{ contents: Record<string, string>; warnings: readonly string[] }> {
  const opened = await open();
  await opened.journal.close();
  return { contents: contents(opened), warnings: opened.warnings };
}

const unavailable = { code: 'journal_unavailable' };

function startScript(name: string, ...flags: string[]): ReturnType<typeof spawn> {
  const file = join(root, 'test/lib/processes', `${name}.ts`);
  return spawn(process.execPath, [...flags, '--import', 'tsx', file, directory], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function outputOf(child: ReturnType<typeof spawn>): Promise<string> {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  return output;
}

describe('the journal', () => {
  it('keeps what was put and forgets what was removed', async () => {
    const { journal, entries, warnings } = await open();
    assert.deepEqual([entries, warnings], [[], []]);
    await journal.put('a', Buffer.from('1'));
    await journal.put('ключ', Buffer.from('значение'));
    await journal.put('a', Buffer.from('2'));
    await journal.put('gone', new Uint8Array());
    await journal.remove('gone');
    await journal.remove('never there');
    assert.equal(journal.stats().entries, 2);
    assert.equal(journal.stats().appends, 6);
    await journal.close();
    assert.deepEqual(await reopen(), { contents: { a: '2', ключ: 'значение' }, warnings: [] });
  });

  it('settles many puts at once, in their order, and copies their bytes', async () => {
    const { journal } = await open();
    const value = Buffer.from('before');
    const settled: number[] = [];
    const puts = Array.from({ length: 1000 }, async (_, index) => {
      await journal.put(`key-${String(index % 10)}`, value);
      settled.push(index);
    });
    value.write('after!');
    await Promise.all(puts);
    assert.deepEqual(settled, [...settled.keys()]);
    assert.ok(journal.stats().syncs <= journal.stats().appends);
    await journal.close();
    const { contents } = await reopen();
    assert.deepEqual(new Set(Object.values(contents)), new Set(['before']));
    assert.equal(Object.keys(contents).length, 10);
  });

  it('writes a checkpoint when asked, and none when nothing changed', async () => {
    const { journal } = await open();
    await journal.put('a', Buffer.from('1'));
    await journal.checkpoint();
    await journal.checkpoint();
    assert.equal(journal.stats().checkpoints, 1);
    await journal.close();
    assert.equal(journal.stats().checkpoints, 1);
    assert.deepEqual((await reopen()).contents, { a: '1' });
  });

  it('is open once at a time', async () => {
    const { journal } = await open();
    await assert.rejects(open(), unavailable);
    await journal.close();
    await (await open()).journal.close();
  });

  it('finishes what was put before it closes, and refuses what comes after', async () => {
    const { journal } = await open();
    const puts = Array.from({ length: 50 }, (_, index) => journal.put(String(index), new Uint8Array(10)));
    const closing = [journal.close(), journal.close()];
    const whileClosing = assert.rejects(journal.put('late', new Uint8Array()), unavailable);
    await Promise.all([...puts, ...closing, whileClosing]);
    const calls: ((journal: NativeJournal) => Promise<void>)[] = [
      (closed) => closed.put('late', new Uint8Array()),
      (closed) => closed.remove('0'),
      (closed) => closed.checkpoint(),
    ];
    for (const call of calls) await assert.rejects(call(journal), unavailable);
    await journal.close();
    assert.equal(journal.stats().entries, 50);
    assert.equal(Object.keys((await reopen()).contents).length, 50);
  });

  it('says what was damaged and starts all the same', async () => {
    const { journal } = await open();
    await journal.put('a', Buffer.from('1'));
    await journal.close();
    const [name] = readdirSync(directory).filter((file) => file.endsWith('.checkpoint'));
    assert.ok(name !== undefined);
    const bytes = readFileSync(join(directory, name));
    writeFileSync(join(directory, name), bytes.subarray(0, bytes.length - 1));
    const { contents, warnings } = await reopen();
    assert.deepEqual(contents, { a: '1' });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', new RegExp(`^${name} .*\\.$`, 'u'));
    assert.deepEqual((await reopen()).warnings, []);
    assert.ok(readdirSync(directory).includes(`${name}.damaged-1`));
  });

  it('refuses misuse at the call', async () => {
    const { journal } = await open();
    const untyped = journal as unknown as { put(key: unknown, value: unknown): Promise<void> };
    assert.throws(() => void untyped.put(1, new Uint8Array()), TypeError);
    assert.throws(() => void untyped.put('a', 'text'), TypeError);
    assert.throws(() => void untyped.put('a', new Uint16Array(1)), TypeError);
    await assert.rejects(journal.put('a', new Uint8Array(64 * 2 ** 20)), { code: 'invalid_argument' });
    await journal.close();
    const options = { directory, compressionLevel: 3, checkpointIntervalMs: 1000 };
    assert.throws(() => void addon.openJournal({ ...options, directory: '' }), TypeError);
    assert.throws(() => void addon.openJournal({ ...options, compressionLevel: 23 }), RangeError);
    assert.throws(() => void addon.openJournal({ ...options, checkpointIntervalMs: 0.5 }), RangeError);
  });

  it('loses nothing that was acknowledged when its process is killed', async () => {
    const acknowledged: string[] = [];
    for (const enough of [1, 100, 500]) {
      const child = startScript('journal-writer');
      let output = '';
      const reached = acknowledged.length + enough;
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (output + text).split('\n');
        output = lines.pop() ?? '';
        acknowledged.push(...lines);
        if (acknowledged.length >= reached) child.kill('SIGKILL');
      });
      await once(child, 'close');
      assert.equal(child.signalCode, 'SIGKILL');
      const { contents } = await reopen();
      for (const key of acknowledged) assert.equal(contents[key], `value of ${key}`);
    }
  });

  it('does not keep its process alive, but what was put into it does', async () => {
    const output = await outputOf(startScript('idle-journal'));
    assert.equal(output, 'done\n');
    assert.deepEqual(await reopen(), { contents: { 'last words': 'kept' }, warnings: [] });
  });

  it('that nobody holds any more finishes its puts and gives its folder back', async () => {
    assert.equal(await outputOf(startScript('dropped-journal', '--expose-gc')), 'done 100\n');
  });
});
