import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackgroundRecord, Job } from '../../lib/background/background-record.js';
import { BackgroundRunner, defaultRunnerLimits } from '../../lib/background/background-runner.js';
import type { AttemptResult, BackgroundWork, Executor, RunnerLimits } from '../../lib/background/background-runner.js';
import type { BackgroundStore } from '../../lib/background/background-store.js';
import { eventually } from '../support/with-server.js';
import { answered, JournalFolder, submission } from './journal-folder.js';
import type { SubmissionFields } from './journal-folder.js';

/** Lets the test decide what becomes of each attempt. */
class ManualExecutor implements Executor {
  readonly blocked = new Set<string>();
  readonly attempts: { readonly id: string; readonly settle: (result: AttemptResult) => void }[] = [];
  readonly cancelled: string[] = [];

  isReady(model: string): boolean {
    return !this.blocked.has(model);
  }

  run(_job: Job, { id }: BackgroundRecord, settle: (result: AttemptResult) => void): BackgroundWork {
    this.attempts.push({ id, settle });
    return { cancel: () => this.cancelled.push(id) };
  }

  get ids(): string[] {
    return this.attempts.map(({ id }) => id);
  }

  async reached(count: number): Promise<void> {
    await eventually(`${String(count)} attempts were made`, () => this.attempts.length === count);
  }

  settle(index: number, result: AttemptResult = { kind: 'ended', outcome: answered }): void {
    const attempt = this.attempts[index];
    assert.ok(attempt !== undefined);
    attempt.settle(result);
  }
}

interface Setup {
  readonly store: BackgroundStore;
  readonly executor: ManualExecutor;
  readonly runner: BackgroundRunner;
}

async function setUp(folder: JournalFolder, limits: Partial<RunnerLimits> = {}): Promise<Setup> {
  const store = await folder.store();
  const executor = new ManualExecutor();
  const runner = new BackgroundRunner(store, executor, { ...defaultRunnerLimits, retryMs: 5, ...limits });
  return { store, executor, runner };
}

async function tearDown({ store, runner }: Setup): Promise<void> {
  await runner.stop(0);
  await store.close();
}

async function addAll(store: BackgroundStore, fields: readonly SubmissionFields[]): Promise<BackgroundRecord[]> {
  const records = [];
  for (const each of fields) records.push(await store.add(submission(each)));
  return records;
}

function pick(records: readonly BackgroundRecord[], ...indices: number[]): string[] {
  return indices.map((index) => records[index]?.id ?? '');
}

async function ended(record: BackgroundRecord): Promise<void> {
  await eventually(`${record.id} has ended`, () => record.end !== undefined);
}

describe('the runner of background work', () => {
  it('starts better tiers first, then the oldest, and no more than fit', async () => {
    await using folder = await JournalFolder.make();
    const store = await folder.store();
    const tiers = ['low', 'high', 'low', 'vip', 'high'] as const;
    const records = await addAll(
      store,
      tiers.map((tier) => ({ tier, weight: 2 })),
    );
    const executor = new ManualExecutor();
    const runner = new BackgroundRunner(store, executor, { ...defaultRunnerLimits, generations: 4 });
    assert.deepEqual(
      records.map((record) => runner.positionOf(record)),
      [3, 1, 4, 0, 2],
    );
    runner.start();
    await executor.reached(2);
    assert.deepEqual(executor.ids, pick(records, 3, 1));
    executor.settle(0);
    executor.settle(1);
    await executor.reached(4);
    assert.deepEqual(executor.ids.slice(2), pick(records, 4, 0));
    assert.equal(records[0] && runner.statusOf(records[0]), 'running');
    assert.equal(records[2] && runner.statusOf(records[2]), 'queued');
    await tearDown({ store, executor, runner });
  });

  it('shows an end when the journal has it, and takes the first one only', async () => {
    await using folder = await JournalFolder.make();
    const setup = await setUp(folder);
    const { store, executor, runner } = setup;
    const [record] = await addAll(store, [{}]);
    assert.ok(record !== undefined);
    runner.start();
    runner.add(record);
    await executor.reached(1);
    executor.settle(0);
    assert.equal(runner.statusOf(record), 'running');
    executor.settle(0, { kind: 'ended', outcome: { status: 'failed', error: '{}' } });
    await runner.cancel(record);
    assert.equal(runner.statusOf(record), 'completed');
    assert.equal(record.end?.response, answered.response);
    await tearDown(setup);
    assert.deepEqual(await folder.keys(), [`end/${record.id}/1`]);
  });

  it('shows no end that the journal refuses', async () => {
    await using folder = await JournalFolder.make();
    const setup = await setUp(folder);
    const { store, executor, runner } = setup;
    const records = await addAll(store, [{}, {}]);
    const [running, ...rest] = records;
    assert.ok(running !== undefined && rest[0] !== undefined);
    runner.add(running);
    await executor.reached(1);
    await store.close();
    executor.settle(0);
    runner.add(rest[0]);
    await assert.rejects(runner.cancel(rest[0]));
    assert.deepEqual(
      records.map((record) => [runner.statusOf(record), record.end]),
      [
        ['running', undefined],
        ['running', undefined],
      ],
    );
    await runner.stop(0);
    assert.deepEqual(executor.ids, [running.id]);
  });

  it('cancels what waits and what runs; neither runs again', async () => {
    await using folder = await JournalFolder.make();
    const setup = await setUp(folder, { generations: 1 });
    const { store, executor, runner } = setup;
    const records = await addAll(store, [{}, {}]);
    records.forEach((record) => {
      runner.add(record);
    });
    await executor.reached(1);
    await Promise.all(records.map((record) => runner.cancel(record)));
    assert.deepEqual(executor.cancelled, pick(records, 0));
    executor.settle(0);
    assert.deepEqual(
      records.map((record) => record.end?.status),
      ['cancelled', 'cancelled'],
    );
    await tearDown(setup);
    const again = await setUp(folder);
    assert.deepEqual(again.store.unended, []);
    await tearDown(again);
  });

  it('tries again what could not be done now, and waits for a model that is not there', async () => {
    await using folder = await JournalFolder.make();
    const setup = await setUp(folder);
    const { store, executor, runner } = setup;
    executor.blocked.add('loading');
    const records = await addAll(store, [{ model: 'loading' }, { model: 'tiny' }]);
    records.forEach((record) => {
      runner.add(record);
    });
    await executor.reached(1);
    assert.deepEqual(executor.ids, pick(records, 1));
    executor.settle(0, { kind: 'later' });
    await executor.reached(2);
    assert.deepEqual(executor.ids, pick(records, 1, 1));
    executor.blocked.delete('loading');
    await executor.reached(3);
    assert.deepEqual(executor.ids.slice(2), pick(records, 0));
    // What was put off does not count as a start that the process did not survive.
    assert.equal(records[1]?.unfinished, 1);
    await tearDown(setup);
  });

  it('leaves what it could not finish for the next process, with nothing held against it', async () => {
    await using folder = await JournalFolder.make();
    const first = await setUp(folder);
    const records = await addAll(first.store, [{}, {}]);
    records.forEach((record) => {
      first.runner.add(record);
    });
    await first.executor.reached(2);
    const stopped = first.runner.stop(60_000);
    first.executor.settle(0);
    assert.ok(records[0] !== undefined);
    await ended(records[0]);
    // Cancelling the drain's timer is what stopping again with less patience would do.
    first.executor.settle(1, { kind: 'later' });
    await stopped;
    await first.store.close();
    const second = await setUp(folder);
    assert.deepEqual(
      second.store.unended.map(({ id, starts, unfinished }) => [id, starts, unfinished]),
      [[records[1]?.id, 1, 0]],
    );
    second.runner.start();
    await second.executor.reached(1);
    second.executor.settle(0);
    await tearDown(second);
  });

  it('stops at once what still runs when the time is over', async () => {
    await using folder = await JournalFolder.make();
    const first = await setUp(folder);
    const [record] = await addAll(first.store, [{}]);
    assert.ok(record !== undefined);
    first.runner.add(record);
    await first.executor.reached(1);
    await first.runner.stop(0);
    assert.deepEqual(first.executor.cancelled, [record.id]);
    first.executor.settle(0);
    await first.store.close();
    assert.deepEqual(await folder.keys(), [`job/${record.id}`, `run/${record.id}`]);
  });
});

/** The journal as a process leaves it that was ended `times` times while these ran. */
async function endedWhileRunning(folder: JournalFolder, count: number, times: number): Promise<BackgroundRecord[]> {
  const store = await folder.store();
  const records = await addAll(store, Array<SubmissionFields>(count).fill({}));
  for (const record of records) for (let i = 0; i < times; i++) await store.countStart(record);
  await store.close();
  return records;
}

describe('work that ends the process', () => {
  it('runs again after one start that was not finished', async () => {
    await using folder = await JournalFolder.make();
    const records = await endedWhileRunning(folder, 3, 1);
    const setup = await setUp(folder);
    setup.runner.start();
    await setup.executor.reached(3);
    assert.deepEqual(setup.executor.ids, pick(records, 0, 1, 2));
    await tearDown(setup);
  });

  it('runs alone after two, once the process has lived for a while', async () => {
    await using folder = await JournalFolder.make();
    const suspects = await endedWhileRunning(folder, 2, 2);
    const setup = await setUp(folder, { suspectHoldMs: 50 });
    const { executor, runner, store } = setup;
    const [harmless] = await addAll(store, [{}]);
    assert.ok(harmless !== undefined);
    runner.add(harmless);
    await executor.reached(1);
    assert.deepEqual(executor.ids, [harmless.id]);
    executor.settle(0);
    await executor.reached(2);
    const [another] = await addAll(store, [{ tier: 'vip' }]);
    assert.ok(another !== undefined);
    runner.add(another);
    executor.settle(1);
    await executor.reached(3);
    assert.deepEqual(executor.ids, [harmless.id, ...pick(suspects, 0), another.id]);
    executor.settle(2);
    await executor.reached(4);
    assert.deepEqual(executor.ids.slice(3), pick(suspects, 1));
    await tearDown(setup);
  });

  it('is failed after three', async () => {
    await using folder = await JournalFolder.make();
    await endedWhileRunning(folder, 1, 3);
    const setup = await setUp(folder);
    const [record] = setup.store.unended;
    assert.ok(record !== undefined);
    setup.runner.start();
    await ended(record);
    assert.equal(record.end?.status, 'failed');
    assert.match(record.end.error ?? '', /"code":"internal_error"/);
    assert.deepEqual(setup.executor.ids, []);
    await tearDown(setup);
  });
});
