import { brotliCompress, constants, deflate, gzip } from 'node:zlib';
import { nativeAddon } from '../../native.js';
import type { Encoding } from './accept-encoding.js';

/** Smaller bodies fit into one packet as they are. */
export const leastBytes = 1024;

const zstdLevel = 3;
const zstdWindowLog = 19;
const brotliQuality = 5;

/** Compresses in Node's thread pool, zstd at once. Calls back with undefined when it fails: it is sent as it is then. */
export function compressWhole(text: string, encoding: Encoding, done: (bytes: Buffer | undefined) => void): void {
  const body = Buffer.from(text);
  const finish = (error: Error | null, bytes: Buffer): void => {
    done(error === null ? bytes : undefined);
  };
  if (encoding === 'zstd') {
    const stream = new (nativeAddon().addon.ZstdStream)(zstdLevel, zstdWindowLog);
    done(Buffer.from(stream.write(body, true)));
  } else if (encoding === 'br') {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    };
    brotliCompress(body, { params }, finish);
  } else if (encoding === 'gzip') gzip(body, finish);
  else deflate(body, finish);
}
