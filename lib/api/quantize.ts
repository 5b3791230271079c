import { awaitNative, callNative, expected } from '../errors.js';
import { nativeAddon } from '../native.js';
import { nearest } from '../nearest.js';
import { OptionReader } from './option-reader.js';

export interface QuantizeOptions {
  /** One of {@link quantizationTypes}, e.g. "Q4_K_M". */
  readonly type: string;
  /** 1 to 1024; default: all cores. */
  readonly threads?: number;
}

/** Names of the types a model can be quantized to. */
export function quantizationTypes(): readonly string[] {
  const { addon } = nativeAddon();
  return callNative(() => addon.quantizationTypes());
}

function checkType(type: unknown): string {
  const types = quantizationTypes();
  if (typeof type === 'string' && types.includes(type)) return type;
  const suggestion = typeof type === 'string' ? nearest(type, types) : undefined;
  const hint = suggestion === undefined ? ` The types are ${types.join(', ')}.` : ` Did you mean ${suggestion}?`;
  throw new TypeError(expected('a quantization type', 'type', type) + hint);
}

/**
 * Writes a copy of a GGUF model with its weights converted.
 *
 * @throws InfernoError `file_not_found`, `invalid_model_file` and others for the input, `unsupported_model` when llama.cpp
 *   refuses the type (some need an importance matrix), `file_unreadable` when the output cannot be written; TypeError for an
 *   unknown type, with the nearest one.
 */
export async function quantizeModel(input: string, output: string, options: QuantizeOptions): Promise<void> {
  const reader = new OptionReader(options, ['type', 'threads']);
  // 0 is the quantizer's word for all cores, and what a command line passes on.
  const threads = reader.number('threads', { min: 0, max: 1024, integer: true }, 0);
  if (typeof input !== 'string') reader.faults.type(expected('a path', 'input', input));
  if (typeof output !== 'string') reader.faults.type(expected('a path', 'output', output));
  reader.faults.throwIfAny();
  const type = checkType(options.type);
  const { addon } = nativeAddon();
  await awaitNative(addon.checkGguf(input));
  await awaitNative(addon.quantize(input, output, type, threads));
}
