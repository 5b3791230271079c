import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { callNative, expected, fromNative, InfernoError } from '../../lib/errors.js';
import { inspectModelFile } from '../../lib/index.js';
import { loadTestModel } from '../support/with-model.js';

describe('InfernoError', () => {
  it('carries what the table says of its code', () => {
    const error = new InfernoError('queue_full', 'Too many.', { param: 'n', requestId: 'req-1', cause: 'because' });
    assert.equal(error.name, 'InfernoError');
    assert.equal(error.message, 'Too many.');
    assert.equal(error.status, 429);
    assert.equal(error.type, 'rate_limit_error');
    assert.match(error.remedy, /Retry-After/u);
    assert.equal(error.retryable, true);
    assert.deepEqual([error.param, error.requestId, error.cause], ['n', 'req-1', 'because']);
    assert.match(error.stack ?? '', /^InfernoError: Too many\./u);
  });

  it('shows only what it has', () => {
    const text = inspect(new InfernoError('empty_prompt', 'Nothing.'));
    assert.doesNotMatch(text, /param|requestId|cause|undefined/u);
    assert.match(text, /code: 'empty_prompt'/u);
  });

  it('is recognised by its brand, not by its class or shape', () => {
    const error = new InfernoError('internal_error', 'x');
    assert.ok(InfernoError.isInstance(error));
    const { code, status, message } = error;
    for (const other of [undefined, null, 'x', new Error('x'), { code, status, message, name: 'InfernoError' }]) {
      assert.equal(InfernoError.isInstance(other), false);
    }
  });
});

describe('errors of the addon', () => {
  it('become InfernoErrors by their code; others stay what they are', () => {
    const native = Object.assign(new Error('No file.'), { code: 'file_not_found' });
    const error = fromNative(native);
    assert.ok(InfernoError.isInstance(error));
    assert.deepEqual([error.code, error.message, error.cause], ['file_not_found', 'No file.', native]);
    const foreign = Object.assign(new Error('x'), { code: 'ENOENT' });
    assert.equal(fromNative(foreign), foreign);
    assert.throws(
      () =>
        callNative(() => {
          throw native;
        }),
      InfernoError,
    );
  });

  it('that come later name the function that made the call', async () => {
    async function readsTheFile(): Promise<void> {
      await inspectModelFile('no/such/file.gguf');
    }
    await assert.rejects(readsTheFile, (error: unknown) => {
      assert.ok(InfernoError.isInstance(error));
      assert.equal(error.code, 'file_not_found');
      assert.match(error.stack ?? '', /at async readsTheFile/u);
      return true;
    });
  });

  it('of a generation name the function that started it', async () => {
    await using model = await loadTestModel();
    function startsIt(): PromiseLike<unknown> {
      return model.complete([]);
    }
    const generation = startsIt();
    await assert.rejects(Promise.resolve(generation), (error: unknown) => {
      assert.ok(InfernoError.isInstance(error));
      assert.equal(error.code, 'empty_prompt');
      assert.match(error.stack ?? '', /^InfernoError: .*\n[^]* at startsIt /u);
      return true;
    });
  });
});

describe('sentences about misuse', () => {
  it('name what was expected, for what, and what came', () => {
    assert.equal(expected('a number', 'x', 'a'), "Expected a number for x but received 'a' of type string.");
    assert.equal(expected('a number', 'x', null), 'Expected a number for x but received null.');
    assert.equal(expected('a number', 'x', [1]), 'Expected a number for x but received [ 1 ] of type array.');
    assert.equal(expected('a number', 'x', new Map()), 'Expected a number for x but received Map(0) {} of type Map.');
  });

  it('stay short whatever came', () => {
    const large = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${String(i)}`, 'x'.repeat(1000)]));
    for (const value of ['x'.repeat(100_000), large, [large, large]]) {
      assert.ok(expected('a number', 'x', value).length < 150);
    }
  });
});
