import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { readModelFolder } from '../../lib/onnx/model-folder.js';

describe('a model folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'inferno-folder-')), 'model');
    await cp(await encoderOnnx('embedder-cls'), folder, { recursive: true });
  });
  afterEach(async () => {
    await rm(join(folder, '..'), { recursive: true });
  });
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(folder, name), text);
  };
  const writeJson = async (name: string, value: unknown): Promise<void> => write(name, JSON.stringify(value));

  it('says what it is for and how long inputs may be', async () => {
    const read = await readModelFolder(folder);
    assert.equal(read.pooling, 'cls');
    assert.equal(read.maxLength, 128);
    assert.equal(read.isSentenceModel, true);
    assert.equal(read.config.model_type, 'bert');
    assert.ok(read.sizeBytes > 100_000);
  });

  it('may have its graph in onnx, in variants, and be named by it', async () => {
    await mkdir(join(folder, 'onnx'));
    await rename(join(folder, 'model.onnx'), join(folder, 'onnx', 'model_quantized.onnx'));
    // The only graph there is.
    assert.match((await readModelFolder(folder)).graphPath, /model_quantized\.onnx$/u);
    await cp(join(folder, 'onnx', 'model_quantized.onnx'), join(folder, 'onnx', 'model_q4.onnx'));
    await assert.rejects(readModelFolder(folder), { code: 'file_not_found', message: /model_q4\.onnx/u });
    const byVariant = await readModelFolder(folder, 'q4');
    const byGraph = await readModelFolder(join(folder, 'onnx', 'model_q4.onnx'));
    assert.equal(byVariant.graphPath, byGraph.graphPath);
    assert.equal(byGraph.directory, folder);
  });

  it('counts the files that hold the weights of its graph', async () => {
    const before = await readModelFolder(folder);
    await write('model.onnx_data', 'x'.repeat(1000));
    assert.equal((await readModelFolder(folder)).sizeBytes, before.sizeBytes + 1000);
  });

  it('takes positions of RoBERTa from behind its padding', async () => {
    await rm(join(folder, 'sentence_bert_config.json'));
    await writeJson('tokenizer_config.json', { model_max_length: 1e30 });
    await writeJson('config.json', { model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 1 });
    assert.equal((await readModelFolder(folder)).maxLength, 512);
  });

  it('takes the end of answers from all files, and one template of several', async () => {
    await writeJson('config.json', { eos_token_id: [3, 4] });
    await writeJson('generation_config.json', { eos_token_id: 5 });
    const templates = [
      { name: 'rag', template: 'b' },
      { name: 'default', template: 'a' },
    ];
    await writeJson('tokenizer_config.json', { chat_template: templates, eos_token: { content: '[SEP]' } });
    const read = await readModelFolder(folder);
    assert.deepEqual(new Set(read.endIds), new Set([3, 4, 5, 3]));
    assert.equal(read.chatTemplate, 'a');
    await write('chat_template.jinja', 'from its own file');
    assert.equal((await readModelFolder(folder)).chatTemplate, 'from its own file');
  });

  const hostile: readonly (readonly [string, string, unknown, RegExp])[] = [
    ['text that is no JSON', 'config.json', '{"a":', /config\.json is not valid JSON/u],
    ['a list for an object', 'config.json', [1], /config\.json .*an object/u],
    [
      'wrong types, all of them named',
      'config.json',
      { hidden_size: 'x', model_type: 1 },
      /model_type.*hidden_size|hidden_size.*model_type/u,
    ],
    ['an empty vocabulary', 'tokenizer.json', { model: { vocab: {} } }, /tokenizer\.json .*model\.vocab/u],
    ['ids that no table could hold', 'tokenizer.json', { model: { vocab: { a: 2 ** 31 } } }, /model\.vocab/u],
    ['negative ids', 'tokenizer.json', { model: { vocab: { a: -1 } } }, /model\.vocab/u],
    [
      'added tokens without text',
      'tokenizer.json',
      { model: { vocab: { a: 0 } }, added_tokens: [{ id: 1, content: '' }] },
      /added_tokens/u,
    ],
    ['merges that are none', 'tokenizer.json', { model: { vocab: { a: 0 }, merges: [1] } }, /merges/u],
    ['a pooling that is not there', '1_Pooling/config.json', { pooling_mode_max_tokens: true }, /pooling other than/u],
    [
      'two poolings',
      '1_Pooling/config.json',
      { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true },
      /pooling other than/u,
    ],
    ['JSON nested without end', 'tokenizer_config.json', '['.repeat(1_000_000), /tokenizer_config\.json/u],
  ];
  for (const [what, name, value, message] of hostile) {
    it(`with ${what} in ${name} is refused by name`, async () => {
      await write(name, typeof value === 'string' ? value : JSON.stringify(value));
      await assert.rejects(readModelFolder(folder), (error: { code: string; message: string }) => {
        assert.ok(['invalid_model_file', 'unsupported_model'].includes(error.code), error.code);
        assert.match(error.message, message);
        assert.ok(!error.message.includes(folder), 'no path in the message');
        return true;
      });
    });
  }

  it('without a tokenizer or a graph says so', async () => {
    await rm(join(folder, 'tokenizer.json'));
    await assert.rejects(readModelFolder(folder), { code: 'file_not_found', message: /tokenizer\.json/u });
    await rm(join(folder, 'model.onnx'));
    await assert.rejects(readModelFolder(folder), { code: 'file_not_found', message: /no \.onnx file/u });
    await assert.rejects(readModelFolder(join(folder, 'nowhere')), { code: 'file_not_found' });
  });
});
