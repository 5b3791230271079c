/** Random weights as fast as memory: a table of the normal distribution's quantiles, indexed by a xorshift generator. */

export type WeightType = 'F32' | 'F16' | 'BF16';

const tableSize = 1 << 16;
/** Bytes of a piece; small enough to stay in the cache between being made and being written. */
const pieceBytes = 1 << 20;

/** Peter Acklam's rational approximation of the inverse normal distribution; relative error below 1.2e-9. */
function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const horner = (coefficients: readonly number[], x: number): number =>
    coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
  const tail = 0.02425;
  if (p > 1 - tail) return -normalQuantile(1 - p);
  if (p < tail) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(c, q) / horner(d, q);
  }
  const q = p - 0.5;
  return (horner(a, q * q) * q) / horner(b, q * q);
}

let quantiles: Float64Array | undefined;

function standardNormal(): Float64Array {
  quantiles ??= Float64Array.from({ length: tableSize }, (_, index) => normalQuantile((index + 0.5) / tableSize));
  return quantiles;
}

const floatView = new DataView(new ArrayBuffer(4));

function float32Bits(value: number): number {
  floatView.setFloat32(0, value);
  return floatView.getUint32(0);
}

/** Nearest BF16, ties to even. */
export function toBfloat16(value: number): number {
  const bits = float32Bits(value);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Nearest F16, ties to even; what is too large becomes infinite. */
export function toFloat16(value: number): number {
  const bits = float32Bits(value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const mantissa = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  // Below the smallest normal number the leading one becomes part of the mantissa.
  const [whole, shift] = exponent > 0 ? [(exponent << 23) | mantissa, 13] : [mantissa | 0x800000, 14 - exponent];
  const half = (1 << (shift - 1)) - 1 + ((whole >>> shift) & 1);
  return sign | ((whole + half) >>> shift);
}

function weightTable(type: WeightType, deviation: number): Float32Array | Uint16Array {
  const values = standardNormal();
  if (type === 'F32') return Float32Array.from(values, (value) => value * deviation);
  const convert = type === 'F16' ? toFloat16 : toBfloat16;
  return Uint16Array.from(values, (value) => convert(value * deviation));
}

/** FNV-1a with a final mix, so that each tensor has a stream of its own whatever the order of writing. */
function streamSeed(seed: number, name: string): number {
  let hash = (2_166_136_261 ^ seed) >>> 0;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  // xorshift stays at zero when it starts there.
  return (hash ^ (hash >>> 16)) | 0 || 1;
}

/** Fills with table entries and returns the generator's new state. */
function fill(piece: Float32Array | Uint16Array, table: Float32Array | Uint16Array, state: number): number {
  let x = state;
  for (let index = 0; index < piece.length; index += 2) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    piece[index] = table[x & 0xffff] ?? 0;
    piece[index + 1] = table[x >>> 16] ?? 0;
  }
  return x;
}

/**
 * `count` normally distributed weights with this standard deviation, in pieces that are overwritten by the next one.
 * The same seed and name give the same weights on every machine.
 */
export function* randomWeights(
  type: WeightType,
  count: number,
  deviation: number,
  seed: number,
  name: string,
): Generator<Uint8Array, void, undefined> {
  const table = weightTable(type, deviation);
  const length = pieceBytes / table.BYTES_PER_ELEMENT;
  const piece = type === 'F32' ? new Float32Array(length) : new Uint16Array(length);
  let state = streamSeed(seed, name);
  for (let done = 0; done < count; done += length) {
    state = fill(piece, table, state);
    yield new Uint8Array(piece.buffer, 0, Math.min(length, count - done) * piece.BYTES_PER_ELEMENT);
  }
}

/** `count` times the same F32 number. */
export function constantWeights(count: number, value: number): Uint8Array {
  return new Uint8Array(new Float32Array(count).fill(value).buffer);
}
