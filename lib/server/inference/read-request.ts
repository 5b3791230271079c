import { InfernoError } from '../../errors.js';
import { Tensor } from '../../onnx/tensor.js';
import type { ElementType } from '../../native-onnx-types.js';
import type { TensorGraph } from '../../manager/model-source.js';
import type { Fault } from '../error-response.js';
import { exceededBound } from '../json-cost.js';
import { parseBody } from '../schemas/parse-body.js';
import { datatypeOf, elementBytes, elementTypeOf } from './datatypes.js';
import { inferenceBody } from './request-body.js';
import type { InferenceBody, InputBody } from './request-body.js';
import { elementsIn } from './tensor-binary.js';
import { elementsOf, TensorFault } from './tensor-json.js';

/** Tensors in JSON are long lists of numbers; these are two million. */
const mostTensorCost = 2 ** 21;

/** A request as it came: its JSON, and the tensors behind that. */
export interface RawInference {
  readonly body: InferenceBody;
  readonly binary: Buffer;
}

export type ReadResult<Value> = { readonly value: Value } | { readonly faults: readonly Fault[] };

function fault(message: string, param: string | null = null): { readonly faults: readonly Fault[] } {
  return { faults: [{ param, message }] };
}

/** `headerLength` is that of the JSON before binary tensors; undefined when all of it is JSON. */
export function parseInference(bytes: Buffer, headerLength: number | undefined): ReadResult<RawInference> {
  const length = headerLength ?? bytes.length;
  if (length > bytes.length) {
    const [said, there] = [String(length), String(bytes.length)];
    return fault(`Inference-Header-Content-Length says ${said} bytes, but the body has ${there}.`);
  }
  const json = bytes.subarray(0, length);
  if (exceededBound(json, { mostCost: mostTensorCost, longestText: Infinity }) !== undefined) {
    return fault('The JSON of the request has too many values or nests too deeply; send tensors as binary data.');
  }
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    return fault('The inference header is not valid JSON.');
  }
  const parsed = parseBody(inferenceBody, () => [], value);
  if ('faults' in parsed) return parsed;
  return { value: { body: parsed.data, binary: bytes.subarray(length) } };
}

function inputOf(given: InputBody, bytes: Buffer | undefined): Tensor {
  const { datatype, shape, data } = given;
  const elements = bytes === undefined ? elementsOf(data, datatype) : elementsIn(bytes, datatype);
  const wanted = shape.reduce((product, dim) => product * dim, 1);
  if (elements.length !== wanted) {
    const [has, asks] = [String(elements.length), String(wanted)];
    throw new TensorFault(`its shape [${shape.join(', ')}] has ${asks} elements, but its data has ${has}`);
  }
  return new Tensor<ElementType>(elementTypeOf(datatype), elements, shape);
}

/** The tensors of a request by name, or everything that is wrong with them. */
export function readInputs({ body, binary }: RawInference): ReadResult<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = {};
  const faults: Fault[] = [];
  let at = 0;
  for (const [index, input] of body.inputs.entries()) {
    const param = `inputs[${String(index)}]`;
    const size = input.parameters?.binary_data_size ?? undefined;
    const end = at + (size ?? 0);
    try {
      if (end > binary.length) throw new TensorFault('the body ends before its binary data does');
      if (size !== undefined && input.data !== undefined)
        throw new TensorFault('it has both data and binary_data_size');
      if (Object.hasOwn(feeds, input.name)) throw new TensorFault('it is given twice');
      feeds[input.name] = inputOf(input, size === undefined ? undefined : binary.subarray(at, end));
    } catch (error) {
      if (!(error instanceof TensorFault)) throw error;
      faults.push({ param, message: `The input ${JSON.stringify(input.name)} is wrong: ${error.message}.` });
    }
    at = end;
  }
  if (faults.length > 0) return { faults };
  if (at < binary.length) {
    return fault(`The body has ${String(binary.length - at)} bytes behind the binary data of its inputs.`);
  }
  return { value: feeds };
}

/**
 * A body that is one input's raw data: its name and type are the model's, and its shape as far as the model fixes all
 * dimensions but one.
 */
export function rawInput(bytes: Buffer, { inputs }: TensorGraph): Record<string, Tensor> {
  const [input] = inputs;
  const datatype = input && datatypeOf(input.type);
  if (input === undefined || inputs.length !== 1 || datatype === undefined) {
    throw new InfernoError('invalid_tensor', 'A body of raw data needs a model with exactly one input.');
  }
  try {
    const elements = elementsIn(bytes, datatype);
    const open = input.dims.filter((dim) => typeof dim !== 'number').length;
    const known = input.dims.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1);
    const size = elementBytes(datatype) === 0 ? elements.length : bytes.length / elementBytes(datatype);
    const rest = known === 0 ? 0 : size / known;
    if (open > 1 || !Number.isInteger(rest) || (open === 0 && rest !== 1)) {
      throw new TensorFault(`${String(size)} elements do not fit the shape [${input.dims.map(String).join(', ')}]`);
    }
    const shape = input.dims.map((dim) => (typeof dim === 'number' ? dim : rest));
    return { [input.name]: new Tensor<ElementType>(elementTypeOf(datatype), elements, shape) };
  } catch (error) {
    if (!(error instanceof TensorFault)) throw error;
    throw new InfernoError('invalid_tensor', `The input ${JSON.stringify(input.name)} is wrong: ${error.message}.`);
  }
}
