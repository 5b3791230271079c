/** Tensors as the binary tensor data extension has them: raw little-endian elements; texts with their lengths before them. */
import { isUtf8 } from 'node:buffer';
import { arrayTypeOf } from '../../onnx/element-data.js';
import type { ElementData } from '../../onnx/element-data.js';
import type { Tensor } from '../../onnx/tensor.js';
import { elementBytes, elementTypeOf } from './datatypes.js';
import type { Datatype } from './datatypes.js';
import { TensorFault } from './tensor-json.js';

const lengthBytes = 4;

function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + lengthBytes;
    if (start > bytes.length) throw new TensorFault('its binary data ends within the length of an element');
    const end = start + bytes.readUInt32LE(at);
    if (end > bytes.length) throw new TensorFault('its binary data ends within an element');
    const text = bytes.subarray(start, end);
    if (!isUtf8(text)) throw new TensorFault(`element ${String(texts.length)} is not valid UTF-8`);
    texts.push(text.toString('utf8'));
    at = end;
  }
  return texts;
}

/** The elements in memory of their own: the request's goes with it, and may be at an odd address. @throws TensorFault */
export function elementsIn(bytes: Buffer, datatype: Datatype): ElementData {
  if (datatype === 'BYTES') return textsOf(bytes);
  const size = elementBytes(datatype);
  if (bytes.length % size !== 0) {
    throw new TensorFault(`${String(bytes.length)} bytes are no whole number of ${datatype} elements`);
  }
  const memory = new ArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  const array = arrayTypeOf(elementTypeOf(datatype)) ?? Uint8Array;
  return new array(memory) as ElementData;
}

/** The elements of a tensor as bytes. */
export function bytesOf({ type, data }: Tensor): Buffer {
  if (type !== 'string') {
    const { buffer, byteOffset, byteLength } = data as NodeJS.TypedArray;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  const parts = (data as readonly string[]).flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
