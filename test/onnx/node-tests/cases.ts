/** ONNX's own test cases as Debian's libonnx-testdata lays them out: a graph, inputs and the outputs they must give. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { elementTypes } from '../../../fixtures/onnx/element-types.js';
import { decode, type ModelMessage, type TypeMessage } from '../../../fixtures/onnx/messages.js';
import { tensorOf, type NodeTensor } from './values.js';

export const defaultFolder = '/usr/share/libonnx-testdata/data';
const groups = ['node', 'simple', 'pytorch-converted', 'pytorch-operator'];

/** Their outputs are drawn by chance; the files hold what came out once. */
const random = /^test_(bernoulli|training_dropout)/u;

export interface NodeCase {
  /** `group/test_name` */
  readonly name: string;
  readonly folder: string;
}

/** Sequences are arrays; undefined is an optional without a value. */
export type NodeValue = NodeTensor | readonly NodeTensor[] | undefined;

export interface NodeDataSet {
  readonly inputs: Readonly<Record<string, NodeValue>>;
  readonly outputs: Readonly<Record<string, NodeValue>>;
}

export function listCases(root: string): NodeCase[] {
  return groups.flatMap((group) => {
    const folder = join(root, group);
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => {
      return !random.test(name) && existsSync(join(folder, name, 'model.onnx'));
    });
    return names.sort().map((name) => ({ name: `${group}/${name}`, folder: join(folder, name) }));
  });
}

export function modelPath({ folder }: NodeCase): string {
  return join(folder, 'model.onnx');
}

function valueOf(type: TypeMessage, bytes: Uint8Array): NodeValue {
  if (type.optional_type !== undefined) {
    const inner = type.optional_type.elem_type;
    const { elem_type, tensor_value, sequence_value } = decode('OptionalProto', bytes);
    if (elem_type === undefined) return undefined;
    if (inner.sequence_type !== undefined) return sequence_value?.tensor_values?.map(tensorOf);
    return tensor_value === undefined ? undefined : tensorOf(tensor_value);
  }
  if (type.sequence_type !== undefined) return (decode('SequenceProto', bytes).tensor_values ?? []).map(tensorOf);
  const tensor = tensorOf(decode('TensorProto', bytes));
  // The files of ONNX 1.12 know no bfloat16 and say uint16.
  const isBfloat16 = type.tensor_type?.elem_type === elementTypes.bfloat16.id && tensor.type === 'uint16';
  return isBfloat16 ? { ...tensor, type: 'bfloat16' } : tensor;
}

function readValues(folder: string, prefix: 'input' | 'output', model: ModelMessage): Record<string, NodeValue> {
  const values: Record<string, NodeValue> = {};
  for (const [index, { name, type }] of model.graph[prefix].entries()) {
    const path = join(folder, `${prefix}_${String(index)}.pb`);
    if (existsSync(path)) values[name] = valueOf(type, readFileSync(path));
  }
  return values;
}

export function readDataSets(test: NodeCase): NodeDataSet[] {
  const model = decode('ModelProto', readFileSync(modelPath(test)));
  const names = readdirSync(test.folder).filter((name) => name.startsWith('test_data_set_'));
  return names.sort().map((name) => {
    const folder = join(test.folder, name);
    return { inputs: readValues(folder, 'input', model), outputs: readValues(folder, 'output', model) };
  });
}
