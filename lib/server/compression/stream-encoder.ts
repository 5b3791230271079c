import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import type { BrotliCompress, Deflate, Gzip } from 'node:zlib';
import { nativeAddon } from '../../native.js';
import type { NativeZstdStream } from '../../native-types.js';
import type { Encoding } from './accept-encoding.js';

/** Receives bytes in order. */
export type TakeBytes = (bytes: Uint8Array) => void;

/**
 * Compresses a stream whose every piece can be read as soon as it arrives. `take` may be called during `write` or later, and
 * once for each `write` and `end` at least, though with nothing.
 */
export interface StreamEncoder {
  write(text: string, take: TakeBytes): void;
  /** The last piece. */
  end(text: string, take: TakeBytes): void;
  /** Frees it; no callback comes any more. */
  destroy(): void;
}

/** Both sides keep 2^15 bytes to find repetitions in: a stream of events repeats what came a few hundred bytes before. */
const windowLog = 15;
/** Fast: an event must not wait, and most of the gain is in its repeated frame. */
const level = 3;
const brotliQuality = 4;
/** A few ten KiB for each stream instead of zlib's 256. */
const memoryLevel = 5;

class ZstdEncoder implements StreamEncoder {
  readonly #stream: NativeZstdStream = new (nativeAddon().addon.ZstdStream)(level, windowLog);

  write(text: string, take: TakeBytes): void {
    take(this.#stream.write(Buffer.from(text), false));
  }

  end(text: string, take: TakeBytes): void {
    take(this.#stream.write(Buffer.from(text), true));
  }

  destroy(): void {
    // Freed with this object.
  }
}

type ZlibStream = Gzip | Deflate | BrotliCompress;

/** Node's zlib computes in its thread pool, and flushes when it is told to. */
class ZlibEncoder implements StreamEncoder {
  readonly #stream: ZlibStream;
  readonly #flushKind: number;
  #pieces: Buffer[] = [];

  constructor(stream: ZlibStream, flushKind: number) {
    this.#stream = stream;
    this.#flushKind = flushKind;
    stream.on('data', (piece: Buffer) => this.#pieces.push(piece));
    // Only destroying it makes it fail, and then nobody waits for it.
    stream.on('error', () => undefined);
  }

  write(text: string, take: TakeBytes): void {
    this.#stream.write(text);
    this.#stream.flush(this.#flushKind, () => {
      if (this.#stream.destroyed) return;
      // What is ready but was not handed out yet; reading it makes it a 'data' event.
      while (this.#stream.read() !== null);
      take(this.#taken());
    });
  }

  end(text: string, take: TakeBytes): void {
    this.#stream.once('end', () => {
      take(this.#taken());
    });
    this.#stream.end(text);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #taken(): Buffer {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return bytes;
  }
}

export function streamEncoder(encoding: Encoding): StreamEncoder {
  if (encoding === 'zstd') return new ZstdEncoder();
  if (encoding === 'br') {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
      [constants.BROTLI_PARAM_LGWIN]: windowLog,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    };
    return new ZlibEncoder(createBrotliCompress({ params }), constants.BROTLI_OPERATION_FLUSH);
  }
  const options = { level, windowBits: windowLog, memLevel: memoryLevel };
  const stream = encoding === 'gzip' ? createGzip(options) : createDeflate(options);
  return new ZlibEncoder(stream, constants.Z_SYNC_FLUSH);
}
