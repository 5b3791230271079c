// A server with background work is killed at random moments under load and started again. In the end everything that it
// acknowledged is completed, with one answer that never changes. INFERNO_KILLS says how often (default 10; 200 is the
// full judgement), INFERNO_SEED repeats the moments of a run.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { JournalFolder } from '../background/journal-folder.js';
import { BackgroundClients } from './background-clients.js';
import { KilledServer } from './killed-server.js';

const kills = Number(process.env['INFERNO_KILLS'] ?? 10);
const seed = Number(process.env['INFERNO_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const clients = 4;
/** Of one client, from one kill to the next: all together stay below what the server keeps. */
const mostRequests = 10;
/** Mostly shorter than what the clients have to do, so that the kill finds them at it. */
const longestLifeMs = 400;

/** The ends in the journal by request; every key holds one. */
async function endsIn(folder: JournalFolder): Promise<Map<string, string>> {
  const { journal, entries } = await folder.journal();
  await journal.close();
  const ends = new Map<string, string>();
  for (const { key, value } of entries) {
    const [kind, id = ''] = key.split('/');
    if (kind !== 'end') continue;
    assert.ok(!ends.has(id), `${id} has ended twice`);
    ends.set(id, Buffer.from(value).toString());
  }
  return ends;
}

/** What had ended has the same end for ever. */
function assertKept(earlier: ReadonlyMap<string, string>, later: ReadonlyMap<string, string>): void {
  for (const [id, end] of earlier) assert.equal(later.get(id), end, `the end of ${id} changed`);
}

describe('background work on a server that is killed', () => {
  it(`survives ${String(kills)} kills`, { timeout: 60_000 + kills * 30_000 }, async (context) => {
    context.diagnostic(`INFERNO_SEED=${String(seed)}`);
    const random = new SeededRandom(seed);
    await using folder = await JournalFolder.make();
    const work = new BackgroundClients(random);
    const warnings: string[] = [];
    let ends = new Map<string, string>();
    let startMs = 1000;
    for (let kill = 0; kill < kills; kill++) {
      await using server = new KilledServer(folder.path);
      const bornMs = performance.now();
      if (random.next() < 0.15) {
        // While it starts, recovers its journal or loads its model.
        await delay(random.next() * startMs);
      } else {
        const url = await server.listening();
        assert.ok(url !== undefined);
        startMs = performance.now() - bornMs;
        const lifeMs = random.next() * longestLifeMs;
        await Promise.all([work.use(url, clients, mostRequests), delay(lifeMs).then(() => server.kill())]);
      }
      if (server.child.signalCode === null) await server.kill();
      warnings.push(...server.warnings);
      if (random.next() < 0.25) {
        const now = await endsIn(folder);
        assertKept(ends, now);
        ends = now;
      }
    }
    await using last = new KilledServer(folder.path);
    const url = await last.listening();
    assert.ok(url !== undefined);
    await work.settle(url);
    assert.equal(await last.stop(), 0, last.output);

    const finalEnds = await endsIn(folder);
    assertKept(ends, finalEnds);
    for (const { id, answer } of work.acknowledged) {
      const end = JSON.parse(finalEnds.get(id) ?? 'null') as { readonly status: string; readonly response: string };
      assert.equal(end.status, 'completed', id);
      assert.equal(JSON.stringify(JSON.parse(end.response)), answer, id);
    }
    const keys = await folder.keys();
    assert.deepEqual(
      keys.filter((key) => !key.startsWith('end/')),
      [],
    );
    assert.ok(work.acknowledged.length > 0 && work.answered === work.acknowledged.length);
    context.diagnostic(`${String(work.acknowledged.length)} acknowledged, each completed once`);
    for (const warning of [...warnings, ...last.warnings]) context.diagnostic(warning);
  });
});
