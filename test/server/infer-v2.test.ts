import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Tensor } from '../../lib/index.js';
import { brainBits, fromBrainBits, fromHalfBits, halfBits } from '../../lib/server/inference/half-floats.js';
import { startOnnxServer, type OnnxServer } from '../support/with-onnx-server.js';

const path = '/v2/models/graph/infer';
const ids = [2, 17, 33, 45, 3];
const names = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
const values: Readonly<Record<(typeof names)[number], readonly number[]>> = {
  input_ids: ids,
  attention_mask: [1, 1, 1, 1, 1],
  token_type_ids: [0, 0, 0, 0, 0],
};

interface OutputJson {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data?: number[];
  readonly parameters?: { readonly binary_data_size: number };
}

interface InferJson {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly OutputJson[];
}

describe('the Open Inference Protocol', () => {
  let server: OnnxServer;
  before(async () => {
    server = await startOnnxServer(['embedder-mean']);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  const json = async (request: Promise<Response>, status = 200): Promise<unknown> => {
    const response = await request;
    assert.equal(response.status, status, await response.clone().text());
    return response.json();
  };
  const jsonInputs = names.map((name) => ({ name, datatype: 'INT64', shape: [1, 5], data: values[name] }));
  const logits = async (): Promise<Float32Array> => {
    const feeds = Object.fromEntries(
      names.map((name) => [name, new Tensor('int64', BigInt64Array.from(values[name], BigInt), [1, 5])]),
    );
    return (await server.graph.run(feeds))['logits']?.data as Float32Array;
  };
  /** A body with the tensors behind its JSON. */
  const binaryBody = (extra: Record<string, unknown> = {}): { body: Buffer; headers: Record<string, string> } => {
    const tensors = names.map((name) => Buffer.from(BigInt64Array.from(values[name], BigInt).buffer));
    const inputs = names.map((name) => ({
      name,
      datatype: 'INT64',
      shape: [1, 5],
      parameters: { binary_data_size: 40 },
    }));
    const header = Buffer.from(JSON.stringify({ inputs, ...extra }));
    const headers = {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(header.length),
    };
    return { body: Buffer.concat([header, ...tensors]), headers };
  };

  it('says what the server and its models are', async () => {
    const metadata = (await json(server.get('/v2'))) as { name: string; extensions: string[] };
    assert.equal(metadata.name, 'inferno');
    assert.ok(metadata.extensions.includes('binary_tensor_data'));
    assert.deepEqual(await json(server.get('/v2/health/live')), { live: true });
    assert.deepEqual(await json(server.get('/v2/health/ready')), { ready: true });
    for (const model of ['/v2/models/graph', '/v2/models/graph/versions/1']) {
      assert.deepEqual(await json(server.get(model)), {
        name: 'graph',
        versions: ['1'],
        platform: 'onnxruntime_onnx',
        inputs: names.map((name) => ({ name, datatype: 'INT64', shape: [-1, -1] })),
        outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 3] }],
      });
      assert.deepEqual(await json(server.get(`${model}/ready`)), { name: 'graph', ready: true });
    }
    assert.deepEqual(await json(server.post('/v2/repository/index', {})), [
      { name: 'embedder-mean', version: '1', state: 'READY', reason: '' },
      { name: 'graph', version: '1', state: 'READY', reason: '' },
    ]);
  });

  it('runs a graph with tensors in JSON, flat or nested', async () => {
    const wanted = await logits();
    const nested = jsonInputs.map((input) => ({ ...input, data: [input.data] }));
    for (const inputs of [jsonInputs, nested]) {
      const answer = (await json(server.post(path, { id: 'a "b"', inputs }))) as InferJson;
      assert.equal(answer.model_name, 'graph');
      assert.equal(answer.model_version, '1');
      assert.equal(answer.id, 'a "b"');
      const [output] = answer.outputs;
      assert.deepEqual([output?.name, output?.datatype, output?.shape], ['logits', 'FP32', [1, 3]]);
      assert.deepEqual(Float32Array.from(output?.data ?? []), wanted);
    }
  });

  it('takes and gives binary tensors', async () => {
    const wanted = await logits();
    const { body, headers } = binaryBody({ parameters: { binary_data_output: true } });
    const response = await server.post(`/v2/models/graph/versions/1/infer`, body, headers);
    assert.equal(response.status, 200, await response.clone().text());
    const length = Number(response.headers.get('inference-header-content-length'));
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = JSON.parse(bytes.toString('utf8', 0, length)) as InferJson;
    assert.deepEqual(answer.outputs[0]?.parameters, { binary_data_size: 12 });
    const data = bytes.subarray(length);
    assert.equal(data.length, 12);
    assert.deepEqual(
      Float32Array.from([0, 4, 8], (at) => data.readFloatLE(at)),
      wanted,
    );
  });

  it('gives single outputs in the form that is asked for each', async () => {
    const outputs = [{ name: 'logits', parameters: { binary_data: false } }];
    const { body, headers } = binaryBody({
      outputs,
      parameters: { binary_data_output: true, priority: 2, timeout: 60_000_000 },
    });
    const answer = (await json(server.post(path, body, headers))) as InferJson;
    assert.deepEqual(Float32Array.from(answer.outputs[0]?.data ?? []), await logits());
  });

  it('takes bodies without a content type, as some clients send them', async () => {
    const body = new Blob([JSON.stringify({ inputs: jsonInputs })]);
    const response = await fetch(server.url + path, { method: 'POST', body });
    assert.equal(response.status, 200);
    const plain = await server.post(path, JSON.stringify({ inputs: jsonInputs }), { 'content-type': 'text/plain' });
    assert.equal(plain.status, 415);
  });

  it('runs models that have a tokenizer, too', async () => {
    const answer = (await json(server.post('/v2/models/embedder-mean/infer', { inputs: jsonInputs }))) as InferJson;
    assert.deepEqual(answer.outputs[0]?.shape, [1, 5, 64]);
  });

  const faults: readonly (readonly [string, unknown, number, RegExp])[] = [
    ['a body that is no JSON', '{', 400, /not valid JSON/u],
    ['no inputs', {}, 400, /inputs/u],
    ['an unknown datatype', { inputs: [{ ...jsonInputs[0], datatype: 'INT63' }] }, 400, /datatype/u],
    [
      'a shape that does not fit',
      { inputs: [{ ...jsonInputs[0], shape: [2, 5] }] },
      400,
      /has 10 elements, but its data has 5/u,
    ],
    ['numbers that are no integers', { inputs: [{ ...jsonInputs[0], data: [1, 2.5, 3, 4, 5] }] }, 400, /data\[1\]/u],
    [
      'integers that JSON cannot say',
      { inputs: [{ ...jsonInputs[0], data: [1, 2 ** 60, 3, 4, 5] }] },
      400,
      /data\[1\]/u,
    ],
    ['the same input twice', { inputs: [jsonInputs[0], jsonInputs[0]] }, 400, /given twice/u],
    ['unknown and missing inputs', { inputs: [{ ...jsonInputs[0], name: 'nope' }] }, 400, /input_ids.*nope/u],
    ['an unknown output', { inputs: jsonInputs, outputs: [{ name: 'nope' }] }, 400, /nope/u],
    ['a sequence', { inputs: jsonInputs, parameters: { sequence_id: 7 } }, 400, /sequence/u],
    [
      'ids that the graph does not know',
      { inputs: jsonInputs.map((input) => ({ ...input, data: [9e6, 1, 1, 1, 1] })) },
      400,
      /./u,
    ],
  ];
  for (const [what, body, status, message] of faults) {
    it(`refuses ${what} in the shape of the protocol`, async () => {
      const { error } = (await json(server.post(path, body), status)) as { error: string };
      assert.match(error, message);
    });
  }

  it('refuses binary bodies that end too early or too late', async () => {
    const { body, headers } = binaryBody();
    const send = async (bytes: Buffer, more: Record<string, string> = {}): Promise<string> => {
      const answer = await json(server.post(path, bytes, { ...headers, ...more }), 400);
      return (answer as { error: string }).error;
    };
    assert.match(await send(body.subarray(0, body.length - 1)), /ends before its binary data/u);
    assert.match(await send(Buffer.concat([body, Buffer.from('x')])), /1 bytes behind/u);
    assert.match(await send(body, { 'inference-header-content-length': '999999' }), /999999/u);
    assert.match(await send(body, { 'inference-header-content-length': '-1' }), /whole number/u);
    assert.match(await send(Buffer.from('xxxxx'), { 'inference-header-content-length': '0' }), /exactly one input/u);
  });

  it('names models and versions that are not there', async () => {
    for (const missing of ['/v2/models/nope', '/v2/models/nope/ready', '/v2/models/graph/versions/2']) {
      assert.match(((await json(server.get(missing), 404)) as { error: string }).error, /does not exist/u);
    }
    await json(server.post('/v2/models/nope/infer', { inputs: jsonInputs }), 404);
    await json(server.post('/v2/models/graph/versions/2/infer', { inputs: jsonInputs }), 404);
    await json(server.get('/v2/models/graph/infer'), 405);
  });
});

describe('16-bit floats in JSON', () => {
  it('are rounded to the nearest and come back exactly', () => {
    for (let bits = 0; bits < 65_536; bits++) {
      const value = fromHalfBits(bits);
      if (Number.isNaN(value)) assert.ok(Number.isNaN(fromHalfBits(halfBits(value))));
      else assert.equal(halfBits(value), bits);
      const brain = fromBrainBits(bits);
      if (!Number.isNaN(brain)) assert.equal(brainBits(brain), bits);
    }
    assert.equal(fromHalfBits(halfBits(65_519)), 65_504);
    assert.equal(fromHalfBits(halfBits(65_520)), Infinity);
    assert.equal(fromHalfBits(halfBits(1 + 2 ** -11)), 1);
    assert.equal(fromHalfBits(halfBits(1 + 3 * 2 ** -11)), 1 + 2 ** -9);
    assert.equal(fromHalfBits(halfBits(2 ** -25)), 0);
  });
});
