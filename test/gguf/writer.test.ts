import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { readGguf } from '../../lib/gguf/reader.js';
import { tensorBytes, tensorTypes } from '../../lib/gguf/tensor-types.js';
import type { GgmlType } from '../../lib/gguf/tensor-types.js';
import type { GgufValue } from '../../lib/gguf/value-types.js';
import { writeGguf } from '../../lib/gguf/writer.js';

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inferno-gguf-'));
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Items of each type, as they come back from a file. */
const items = {
  uint8: fc.integer({ min: 0, max: 255 }),
  int8: fc.integer({ min: -128, max: 127 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  float32: fc.float(),
  float64: fc.double(),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bool: fc.boolean(),
  string: fc.string({ unit: 'grapheme' }),
};

const values: fc.Arbitrary<GgufValue> = fc.oneof(
  ...Object.entries(items).flatMap(([type, item]: [string, fc.Arbitrary<unknown>]) => [
    item.map((value) => ({ type, value }) as GgufValue),
    fc.array(item, { maxLength: 20 }).map((value) => ({ type: 'array', itemType: type, value }) as GgufValue),
  ]),
);

const metadata = fc
  .dictionary(fc.string({ minLength: 1, maxLength: 40 }), values, { maxKeys: 30 })
  .map((dictionary) => Object.entries(dictionary).filter(([key]) => key !== 'general.alignment'));

const tensors = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 20 }),
    type: fc.constantFrom(...(Object.keys(tensorTypes) as GgmlType[])),
    blocks: fc.integer({ min: 1, max: 3 }),
    rows: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  { selector: ({ name }) => name, maxLength: 8 },
);

describe('writeGguf', () => {
  it('writes any metadata and tensors so that readGguf gives them back', async () => {
    const path = join(directory, 'any.gguf');
    await fc.assert(
      fc.asyncProperty(metadata, tensors, fc.constantFrom(8, 32, 256), async (pairs, plans, alignment) => {
        const written = plans.map(({ name, type, blocks, rows, byte }) => {
          const dimensions = [blocks * tensorTypes[type].blockSize, ...rows];
          return { name, type, dimensions, data: new Uint8Array(tensorBytes(type, dimensions)).fill(byte) };
        });
        await writeGguf(path, { metadata: pairs, tensors: written, alignment });
        const file = await readGguf(path);
        const read = [...file.metadata].map(([key, entry]) => [key, entry.decode()]);
        assert.deepEqual(
          read.filter(([key]) => key !== 'general.alignment'),
          pairs,
        );
        assert.equal(file.version, 3);
        assert.equal(file.alignment, alignment);
        const bytes = await readFile(path);
        for (const [index, { name, type, dimensions, data }] of written.entries()) {
          const tensor = file.tensors[index];
          assert.ok(tensor);
          assert.deepEqual([tensor.name, tensor.type, tensor.dimensions], [name, type, dimensions]);
          assert.equal(tensor.offset % alignment, 0);
          assert.ok(bytes.subarray(tensor.offset, tensor.offset + data.length).equals(data));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('copies the values of another file byte for byte', async () => {
    const first = join(directory, 'first.gguf');
    const second = join(directory, 'second.gguf');
    const strings = ['a', new Uint8Array([0xff, 0xfe]), ''];
    await writeGguf(first, { metadata: [['list', { type: 'array', itemType: 'string', value: strings }]] });
    const file = await readGguf(first);
    await writeGguf(second, { metadata: [...file.metadata].map(([key, entry]) => [key, entry.verbatim]) });
    assert.deepEqual(await readFile(second), await readFile(first));
    assert.deepEqual(file.metadata.get('list')?.decode(), { type: 'array', itemType: 'string', value: strings });
  });

  it('takes the data of a tensor in pieces, also asynchronous ones', async () => {
    const path = join(directory, 'pieces.gguf');
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 4; index++) {
        await Promise.resolve();
        yield new Uint8Array(6).fill(index);
      }
    }
    await writeGguf(path, {
      metadata: [],
      tensors: [
        { name: 'x', type: 'F32', dimensions: [3, 2], data: pieces },
        { name: 'y', type: 'I8', dimensions: [1], data: Uint8Array.of(9) },
      ],
    });
    const [x, y] = (await readGguf(path)).tensors;
    const bytes = await readFile(path);
    assert.deepEqual([...bytes.subarray(x?.offset, (x?.offset ?? 0) + 24)].join(''), '000000111111222222333333');
    assert.equal(bytes[y?.offset ?? 0], 9);
  });

  it('leaves the old file and no leftovers when a tensor has too few or too many bytes', async () => {
    const path = join(directory, 'kept', 'old.gguf');
    await assert.rejects(writeGguf(path, { metadata: [] }), { code: 'ENOENT' });
    const good = join(directory, 'old.gguf');
    await writeGguf(good, { metadata: [['key', { type: 'bool', value: true }]] });
    const before = await readFile(good);
    for (const length of [15, 17]) {
      const tensor = { name: 'x', type: 'F32', dimensions: [4], data: new Uint8Array(length) } as const;
      await assert.rejects(writeGguf(good, { metadata: [], tensors: [tensor] }), /Expected 16 bytes for tensor x/u);
    }
    assert.deepEqual(await readFile(good), before);
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('refuses content that is no valid GGUF', async () => {
    const path = join(directory, 'refused.gguf');
    const yes: GgufValue = { type: 'bool', value: true };
    const tensor = { name: 'x', type: 'F32', dimensions: [1], data: new Uint8Array(4) } as const;
    const refused: [Parameters<typeof writeGguf>[1], RegExp][] = [
      [{ metadata: [['', yes]] }, /at least one character/u],
      [
        {
          metadata: [
            ['a', yes],
            ['a', yes],
          ],
        },
        /received a twice/u,
      ],
      [{ metadata: [['general.alignment', yes]] }, /Set alignment/u],
      [{ metadata: [['a', { type: 'uint8', value: 256 }]] }, /GGUF type uint8 but received 256/u],
      [{ metadata: [['a', { type: 'int32', value: 1.5 }]] }, /GGUF type int32 but received 1.5/u],
      [{ metadata: [['a', { type: 'uint64', value: -1n }]] }, /GGUF type uint64 but received -1/u],
      [{ metadata: [], alignment: 24 }, /power of two/u],
      [{ metadata: [], tensors: [tensor, tensor] }, /received x twice/u],
      [{ metadata: [], tensors: [{ ...tensor, name: 'x'.repeat(64) }] }, /1 to 63 bytes/u],
      [{ metadata: [], tensors: [{ ...tensor, dimensions: [] }] }, /1 to 4 dimensions/u],
      [{ metadata: [], tensors: [{ ...tensor, dimensions: [0] }] }, /positive integers/u],
      [{ metadata: [], tensors: [{ ...tensor, type: 'Q4_K', dimensions: [128] }] }, /multiple of 256/u],
    ];
    for (const [content, message] of refused) await assert.rejects(writeGguf(path, content), message);
    await assert.rejects(readFile(path), { code: 'ENOENT' });
  });
});

describe('readGguf', () => {
  it('refuses what is no GGUF file or ends inside its header', async () => {
    const path = join(directory, 'whole.gguf');
    await writeGguf(path, { metadata: [['name', { type: 'string', value: 'x'.repeat(100) }]] });
    const whole = await readFile(path);
    for (const length of [0, 3, 12, 30, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(readGguf(path), RangeError);
    }
    await writeFile(path, 'GGML is something else');
    await assert.rejects(readGguf(path), /letters GGUF/u);
  });
});
