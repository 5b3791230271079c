import { InfernoError } from '../../errors.js';
import type { Tensor } from '../../onnx/tensor.js';
import { datatypeOf } from './datatypes.js';
import { bytesOf } from './tensor-binary.js';
import { dataJson } from './tensor-json.js';

export interface InferenceOutput {
  readonly name: string;
  readonly tensor: Tensor;
  /** Behind the JSON instead of in it. */
  readonly binary: boolean;
}

export interface InferenceResponse {
  readonly modelName: string;
  readonly id: string | undefined;
  readonly outputs: readonly InferenceOutput[];
}

/** The answer: JSON, and if there are any, binary tensors behind it. */
export interface WrittenResponse {
  readonly json: string;
  readonly binary: Buffer | undefined;
}

function outputJson({ name, tensor, binary }: InferenceOutput, bytes: Buffer | undefined): string {
  const datatype = datatypeOf(tensor.type);
  if (datatype === undefined) {
    throw new InfernoError(
      'invalid_tensor',
      `The output ${name} is ${tensor.type}, which this protocol has no name for.`,
    );
  }
  const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${tensor.dims.join(',')}]`;
  if (binary) return `${head},"parameters":{"binary_data_size":${String(bytes?.length ?? 0)}}}`;
  return `${head},"data":${dataJson(tensor)}}`;
}

/** @throws InfernoError `invalid_tensor` for outputs that have no name in the protocol. */
export function writeResponse({ modelName, id, outputs }: InferenceResponse): WrittenResponse {
  const parts = outputs.map(({ tensor, binary }) => (binary ? bytesOf(tensor) : undefined));
  const list = outputs.map((output, index) => outputJson(output, parts[index]));
  const start = `{"model_name":${JSON.stringify(modelName)},"model_version":"1"`;
  const shown = id === undefined ? '' : `,"id":${JSON.stringify(id)}`;
  const json = `${start}${shown},"outputs":[${list.join(',')}]}`;
  const binary = parts.filter((part) => part !== undefined);
  return { json, binary: binary.length === 0 ? undefined : Buffer.concat(binary) };
}
