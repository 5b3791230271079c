/** The two that run ONNX's cases: Inferno through `loadModel` and `run()`, and onnxruntime-node. */
import { onnxruntimeNode } from '../../../bench/peers/onnxruntime-node.js';
import type { OnnxValue } from '../../../lib/onnx/onnx-value.js';
import { openOnnxModel } from '../../../lib/onnx/open-onnx-model.js';
import { Tensor } from '../../../lib/onnx/tensor.js';
import type { NodeValue } from './cases.js';
import { isElementType, type NodeTensor } from './values.js';

export interface NodeSession {
  run(inputs: Readonly<Record<string, NodeValue>>): Promise<Record<string, NodeValue>>;
  close(): Promise<void>;
}

export type NodeEngine = (path: string) => Promise<NodeSession>;

function tensorIn(name: string, value: NodeValue): NodeTensor {
  if (value === undefined || Array.isArray(value)) throw new TypeError(`${name} is no tensor.`);
  return value as NodeTensor;
}

function nodeTensor(tensor: { readonly type: string; readonly dims: readonly number[]; readonly data: unknown }) {
  if (!isElementType(tensor.type)) throw new TypeError(`${tensor.type} is no element type.`);
  return { type: tensor.type, dims: tensor.dims, data: tensor.data as NodeTensor['data'] };
}

function mapped<From, To>(record: Readonly<Record<string, From>>, map: (name: string, value: From) => To) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(name, value)]));
}

function ownValue(value: NodeValue): OnnxValue {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return (value as readonly NodeTensor[]).map(ownValue);
  const { type, data, dims } = value as NodeTensor;
  return new Tensor(type, data as never, dims);
}

function nodeValue(value: OnnxValue): NodeValue {
  if (value === undefined) return undefined;
  if (value instanceof Tensor) return nodeTensor(value);
  if (value instanceof Map) throw new TypeError('No case gives a map.');
  return (value as readonly OnnxValue[]).map((item) => nodeValue(item) as NodeTensor);
}

async function inferno(path: string): Promise<NodeSession> {
  const model = await openOnnxModel(path);
  return {
    run: async (inputs) => {
      const outputs = await model.run<OnnxValue>(mapped(inputs, (_, value) => ownValue(value)));
      return mapped(outputs, (_, value) => nodeValue(value));
    },
    close: () => model.close(),
  };
}

async function peer(path: string): Promise<NodeSession> {
  const ort = onnxruntimeNode();
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 4 });
  return {
    run: async (inputs) => {
      const feeds = mapped(inputs, (name, value) => {
        const { type, data, dims } = tensorIn(name, value);
        return new ort.Tensor(type, data, dims);
      });
      return mapped(await session.run(feeds), (_, tensor) => nodeTensor(tensor));
    },
    close: () => session.release(),
  };
}

export const engines = { inferno, 'onnxruntime-node': peer } as const satisfies Record<string, NodeEngine>;
export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as EngineName[];
