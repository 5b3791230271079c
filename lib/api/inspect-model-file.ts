import { fileURLToPath } from 'node:url';
import { awaitNative, expected } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { NativeGgufSummary } from '../native-load-types.js';

/** What the header of a GGUF file says. Sizes in bytes. */
export type ModelFileSummary = NativeGgufSummary;

/**
 * Reads and checks the whole structure of a GGUF file without loading it; safe on files from anywhere.
 *
 * @throws InfernoError `file_not_found`, `file_unreadable`, `invalid_model_file` or `unsupported_model`.
 */
export async function inspectModelFile(path: string | URL): Promise<ModelFileSummary> {
  const file = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof file !== 'string' || file === '') throw new TypeError(expected('a path or a file URL', 'path', path));
  return awaitNative(nativeAddon().addon.checkGguf(file));
}
