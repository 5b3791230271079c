import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { emberF32, emberOnnx } from '../../fixtures/ember.js';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { loadModel, loadOnnxModel } from '../../lib/index.js';
import type { Model, OnnxTextModel } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer } from '../../lib/server/index.js';

const messages = [{ role: 'user' as const, content: 'What is Inferno?' }];
const greedy = { messages, temperature: 0, max_tokens: 24 };

describe('the openai client, unmodified, on models in ONNX', () => {
  let server: InfernoServer;
  let client: OpenAI;
  let embedder: OnnxTextModel;
  let ember: OnnxTextModel;
  let gguf: Model;
  before(async () => {
    const sizes = { contextSize: 512, parallel: 2 };
    embedder = await loadOnnxModel(await encoderOnnx('embedder-mean'));
    ember = await loadOnnxModel(await emberOnnx(), sizes);
    gguf = await loadModel(await emberF32(), { ...sizes, threads: 1 });
    const models = [
      { id: 'ember-onnx', model: ember },
      { id: 'ember-gguf', model: gguf },
      { id: 'embedder', model: embedder },
    ];
    server = await createServer({ models, port: 0 });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  after(async () => {
    await server.close({ drainMs: 0 });
    await Promise.all([embedder.unload(), ember.unload(), gguf.unload()]);
  });

  it('embeds', async () => {
    const { data, usage } = await client.embeddings.create({ model: 'embedder', input: ['Hello', 'Two dogs'] });
    const wanted = await embedder.embed(['Hello', 'Two dogs']);
    assert.deepEqual(
      data.map(({ embedding }) => Float32Array.from(embedding)),
      wanted,
    );
    assert.ok(usage.prompt_tokens > 4);
    const short = await client.embeddings.create({ model: 'embedder', input: 'Hello', dimensions: 8 });
    assert.equal(short.data[0]?.embedding.length, 8);
  });

  it('chats, and hears what the same weights in GGUF say', async () => {
    const [onnx, other] = await Promise.all(
      ['ember-onnx', 'ember-gguf'].map(async (model) => client.chat.completions.create({ ...greedy, model })),
    );
    assert.ok((onnx?.choices[0]?.message.content?.length ?? 0) > 0);
    assert.equal(onnx?.choices[0]?.message.content, other?.choices[0]?.message.content);
    assert.equal(onnx?.choices[0]?.finish_reason, other?.choices[0]?.finish_reason);
    assert.equal(onnx?.usage?.prompt_tokens, other?.usage?.prompt_tokens);
    assert.equal(onnx?.usage?.completion_tokens, other?.usage?.completion_tokens);
  });

  it('streams a chat', async () => {
    const whole = await client.chat.completions.create({ ...greedy, model: 'ember-onnx' });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...greedy, model: 'ember-onnx', stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, whole.choices[0]?.message.content);
  });

  it('completes text and token ids', async () => {
    const prompt = 'Once upon a time';
    const ids = [...ember.tokenize(prompt, { addSpecial: true })];
    const [byText, byIds, other] = await Promise.all([
      client.completions.create({ model: 'ember-onnx', prompt, temperature: 0, max_tokens: 16 }),
      client.completions.create({ model: 'ember-onnx', prompt: ids, temperature: 0, max_tokens: 16 }),
      client.completions.create({ model: 'ember-gguf', prompt, temperature: 0, max_tokens: 16 }),
    ]);
    assert.equal(byText.choices[0]?.text, byIds.choices[0]?.text);
    assert.equal(byText.choices[0]?.text, other.choices[0]?.text);
  });

  it('gets structured output', async () => {
    const schema = {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    };
    const answer = await client.chat.completions.create({
      ...greedy,
      model: 'ember-onnx',
      max_tokens: 40,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
    });
    const value = JSON.parse(answer.choices[0]?.message.content ?? '') as { ok: unknown };
    assert.equal(typeof value.ok, 'boolean');
  });

  it('lists both kinds with what they can do', async () => {
    const { data } = await client.models.list();
    const shown = data as unknown as { id: string; format: string; capabilities: string[] }[];
    assert.deepEqual(
      shown.map(({ id, format, capabilities }) => [id, format, capabilities]),
      [
        ['ember-onnx', 'onnx', ['completion', 'chat', 'infer']],
        ['ember-gguf', 'gguf', ['completion', 'chat', 'embeddings']],
        ['embedder', 'onnx', ['embeddings', 'infer']],
      ],
    );
  });

  it('is told what a model cannot do', async () => {
    await assert.rejects(client.chat.completions.create({ ...greedy, model: 'embedder' }), {
      status: 400,
      code: 'task_unsupported',
    });
    await assert.rejects(client.embeddings.create({ model: 'ember-onnx', input: 'x' }), {
      status: 400,
      code: 'embedding_unsupported',
    });
  });

  it('hears of a prompt that does not fit', async () => {
    const long = [{ role: 'user' as const, content: 'cat '.repeat(2000) }];
    await assert.rejects(client.chat.completions.create({ ...greedy, messages: long, model: 'ember-onnx' }), {
      status: 400,
      code: 'context_length_exceeded',
    });
  });

  it('that leaves frees its sequence', async () => {
    const stream = await client.chat.completions.create({
      ...greedy,
      max_tokens: 400,
      model: 'ember-onnx',
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== undefined) break;
    stream.controller.abort();
    while (ember.stats().sequencesBusy > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ember.stats().queued, 0);
  });
});
