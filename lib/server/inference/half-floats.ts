/** 16-bit floats as bits, for what comes and goes as JSON numbers. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** To the nearest, ties to even. */
export function halfBits(value: number): number {
  float[0] = value;
  const [single = 0] = bits;
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // From halfway to 65,536 on it is infinite.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  if (magnitude < 0x3880_0000) {
    // Denormal: whole multiples of 2^-24.
    return sign | roundToEven(Math.abs(float[0]) * 2 ** 24);
  }
  const rounded = magnitude + 0x0fff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x3800_0000) >>> 13);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

export function fromHalfBits(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32, to the nearest, ties to even. */
export function brainBits(value: number): number {
  float[0] = value;
  const [single = 0] = bits;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((single + 0x7fff + ((single >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBrainBits(half: number): number {
  bits[0] = half << 16;
  return float[0] ?? NaN;
}
