import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { runCli, startCli } from './cli-process.js';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inferno-onnx-'));
  await cp(await encoderOnnx('embedder-mean'), join(directory, 'My Embedder'), { recursive: true });
  await cp(join(await encoderOnnx('classifier'), 'model.onnx'), join(directory, 'Graph.onnx'));
});
after(async () => {
  await rm(directory, { recursive: true });
});

interface ListedModel {
  readonly id: string;
  readonly format: string;
  readonly sizeBytes: number;
}

describe('models in ONNX on the command line', () => {
  it('have ids in the models directory', async () => {
    const { stdout, code } = await runCli(['models', 'list', '--json'], '', { INFERNO_MODELS_DIR: directory });
    assert.equal(code, 0);
    const models = JSON.parse(stdout) as ListedModel[];
    assert.deepEqual(
      models.map(({ id, format }) => [id, format]),
      [
        ['ember', 'gguf'],
        ['graph', 'onnx'],
        ['my-embedder', 'onnx'],
      ],
    );
    assert.ok(models.every(({ sizeBytes }) => sizeBytes > 0));
  });

  it('are described with their task, inputs and outputs', async () => {
    const { stdout } = await runCli(['models', 'info', join(directory, 'My Embedder'), '--json']);
    const info = JSON.parse(stdout) as Record<string, unknown> & {
      readonly inputs: readonly { readonly name: string }[];
    };
    assert.equal(info['id'], 'My-Embedder');
    assert.equal(info['format'], 'onnx');
    assert.equal(info['task'], 'embed');
    assert.equal(info['pooling'], 'mean');
    assert.equal(info.inputs[0]?.name, 'input_ids');
    const table = await runCli(['models', 'info', join(directory, 'Graph.onnx')]);
    assert.match(table.stdout, /^Task +tensors$/mu);
    assert.match(table.stdout, /^Output +logits: float32 \[batch_size, 3\]$/mu);
  });

  it('are served beside those in GGUF', async () => {
    const flags = [
      '--model',
      join(directory, 'My Embedder'),
      '--model',
      join(directory, 'Graph.onnx'),
      '--model',
      'ember',
    ];
    await using cli = startCli(['serve', '--port', '0', ...flags]);
    await cli.waitForOutput(/^Ready: My-Embedder, Graph, ember$/mu);
    const url = /^Inferno listens on (http:\S+)$/mu.exec(cli.stdout)?.[1] ?? '';
    const models = (await (await fetch(`${url}/v1/models`)).json()) as {
      data: { id: string; format: string; capabilities: string[]; memory_bytes: number }[];
    };
    assert.deepEqual(
      models.data.map(({ id, format, capabilities }) => [id, format, capabilities[0]]),
      [
        ['My-Embedder', 'onnx', 'embeddings'],
        ['Graph', 'onnx', 'infer'],
        ['ember', 'gguf', 'completion'],
      ],
    );
    assert.ok(models.data.every(({ memory_bytes: bytes }) => bytes > 0));
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'My-Embedder', input: 'Hello' });
    const response = await fetch(`${url}/v1/embeddings`, { method: 'POST', headers, body });
    assert.equal(response.status, 200);
    cli.child.kill('SIGTERM');
    assert.equal((await cli.end()).code, 0);
  });

  it('that generate no text say so to a prompt', async () => {
    const embedder = await runCli(['run', '--model', join(directory, 'My Embedder'), 'Hello']);
    assert.equal(embedder.code, 1);
    assert.match(embedder.stderr, /cannot generate text/u);
    const graph = await runCli(['run', '--model', join(directory, 'Graph.onnx'), 'Hello']);
    assert.equal(graph.code, 1);
    assert.match(graph.stderr, /no tokenizer/u);
  });

  it('show the version of ONNX Runtime in doctor', async () => {
    const { stdout } = await runCli(['doctor', '--json']);
    const { facts } = JSON.parse(stdout) as { facts: { label: string; value: string }[] };
    assert.match(facts.find(({ label }) => label === 'ONNX Runtime')?.value ?? '', /^\d+\.\d+\.\d+, .*cpu/u);
  });
});
