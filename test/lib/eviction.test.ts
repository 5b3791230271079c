import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planRoom } from '../../lib/manager/eviction.js';
import type { MemoryHolder, RoomRequest } from '../../lib/manager/eviction.js';
import { MemoryBudget, usableMemoryBytes } from '../../lib/manager/memory-budget.js';

function holder(id: string, bytes: number, rest: Partial<MemoryHolder> = {}): MemoryHolder {
  return { id, bytes, isLeaving: false, isEvictable: true, isBusy: false, lastUsedMs: 0, ...rest };
}

const request: RoomRequest = { needBytes: 40, limitBytes: 100, pledgedBytes: 0, mayEvict: true };

describe('making room', () => {
  it('needs nobody to leave while there is room', () => {
    assert.deepEqual(planRoom(request, [holder('a', 60)]), { kind: 'fits' });
  });

  it('lets the one leave that was used longest ago, idle ones first, and no more than needed', () => {
    const old = holder('old', 30, { lastUsedMs: 1 });
    const recent = holder('recent', 30, { lastUsedMs: 2 });
    const busy = holder('busy', 30, { lastUsedMs: 0, isBusy: true });
    assert.deepEqual(planRoom(request, [recent, busy, old]), { kind: 'wait', victims: [old] });
    assert.deepEqual(planRoom({ ...request, needBytes: 60 }, [recent, busy, old]), {
      kind: 'wait',
      victims: [old, recent],
    });
    assert.deepEqual(planRoom({ ...request, needBytes: 100 }, [recent, busy, old]), {
      kind: 'wait',
      victims: [old, recent, busy],
    });
  });

  it('waits for those who leave already before it sends others away', () => {
    const leaving = holder('leaving', 50, { isLeaving: true, isEvictable: false });
    assert.deepEqual(planRoom(request, [leaving, holder('a', 50)]), { kind: 'wait', victims: [] });
  });

  it('says that it cannot be done, and how much could be had', () => {
    const pinned = holder('pinned', 70, { isEvictable: false });
    assert.deepEqual(planRoom(request, [pinned, holder('a', 20)]), { kind: 'impossible', freeBytes: 30 });
    assert.deepEqual(planRoom({ ...request, needBytes: 101 }, []), { kind: 'impossible', freeBytes: 100 });
  });

  it('does not take what is promised to others, and sends nobody away unless it may', () => {
    assert.deepEqual(planRoom({ ...request, pledgedBytes: 50, mayEvict: false }, [holder('a', 20)]), {
      kind: 'wait',
      victims: [],
    });
    assert.deepEqual(planRoom({ ...request, pledgedBytes: 40, mayEvict: false }, [holder('a', 20)]), { kind: 'fits' });
  });

  it('never plans more than the limit, whoever is there', () => {
    const holders = fc.array(
      fc.record({
        id: fc.uuid(),
        bytes: fc.nat(100),
        isLeaving: fc.boolean(),
        isEvictable: fc.boolean(),
        isBusy: fc.boolean(),
        lastUsedMs: fc.nat(1000),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(holders, fc.nat(150), fc.integer({ min: 1, max: 300 }), (all, needBytes, limitBytes) => {
        const plan = planRoom({ needBytes, limitBytes, pledgedBytes: 0, mayEvict: true }, all);
        const sum = (some: readonly MemoryHolder[]): number => some.reduce((bytes, one) => bytes + one.bytes, 0);
        const staying = all.filter((one) => !one.isLeaving);
        if (plan.kind === 'fits') assert.ok(sum(all) + needBytes <= limitBytes);
        else if (plan.kind === 'wait') {
          const rest = staying.filter((one) => !plan.victims.includes(one));
          assert.ok(sum(rest) + needBytes <= limitBytes);
          assert.ok(plan.victims.every((one) => one.isEvictable && !one.isLeaving));
          // Each of them is needed, the last one at least by itself.
          const last = plan.victims.at(-1);
          if (last !== undefined) assert.ok(sum(rest) + last.bytes + needBytes > limitBytes);
        } else {
          const pinned = staying.filter((one) => !one.isEvictable);
          assert.ok(sum(pinned) + needBytes > limitBytes);
        }
      }),
    );
  });
});

describe('the memory budget', () => {
  it('is what was asked for, whatever is free', () => {
    const budget = new MemoryBudget(1000);
    assert.equal(budget.limitBytes(0), 1000);
    assert.equal(budget.limitBytes(5000), 1000);
    assert.equal(budget.ceilingBytes(), 1000);
  });

  it('is by default within what this process may use', () => {
    const budget = new MemoryBudget(undefined);
    assert.ok(budget.limitBytes(0) > 0);
    assert.ok(budget.limitBytes(0) <= budget.ceilingBytes());
    assert.ok(budget.ceilingBytes() < usableMemoryBytes());
  });

  it('must be a number of bytes', () => {
    for (const bytes of [0, -1, 1.5, NaN, Infinity]) assert.throws(() => new MemoryBudget(bytes), RangeError);
  });
});
