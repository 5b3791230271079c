/** Native fields of the samplers that few requests use. Mirrors `binding/request_reader.cpp`. */

/** llama.cpp's samplers that few requests use; what is absent is off or has llama.cpp's default. */
export interface NativeRareSamplers {
  /** Candidates that the truncating samplers leave at least. */
  readonly minKeep?: number;
  readonly dynatempRange?: number;
  readonly dynatempExponent?: number;
  readonly topNSigma?: number;
  readonly xtcProbability?: number;
  readonly xtcThreshold?: number;
  readonly dryMultiplier?: number;
  readonly dryBase?: number;
  readonly dryAllowedLength?: number;
  readonly dryPenaltyLastN?: number;
  readonly drySequenceBreakers?: readonly string[];
  readonly mirostat?: number;
  readonly mirostatTau?: number;
  readonly mirostatEta?: number;
  readonly adaptiveTarget?: number;
  readonly adaptiveDecay?: number;
  /** See `samplerNames`; absent: llama.cpp's order. */
  readonly order?: readonly SamplerName[];
}

/** In llama.cpp's order, then those that only an explicit order has. */
export const samplerNames = [
  'penalties',
  'dry',
  'top_n_sigma',
  'top_k',
  'typ_p',
  'top_p',
  'min_p',
  'xtc',
  'temperature',
  'infill',
  'adaptive_p',
] as const;
export type SamplerName = (typeof samplerNames)[number];
