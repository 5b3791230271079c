import { fromNative } from '../../errors.js';
import { nativeAddon } from '../../native.js';
import { describeError } from '../cli-error.js';
import type { Diagnosis } from './fact.js';

/** Graphs need a library that is loaded with the first of them; all else works without it. */
export function diagnoseOnnx(): Diagnosis {
  const name = 'onnx';
  const { addon } = nativeAddon();
  try {
    const { version, providers } = addon.onnxRuntimeInfo();
    return {
      facts: [{ label: 'ONNX Runtime', value: `${version}, ${providers.join(', ')}` }],
      checks: [{ name, status: 'ok', detail: 'ONNX Runtime loads' }],
    };
  } catch (error) {
    const { message, remedy } = describeError(fromNative(error));
    return { facts: [], checks: [{ name, status: 'warning', detail: message, remedy }] };
  }
}
