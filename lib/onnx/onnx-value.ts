import type { Tensor } from './tensor.js';

/**
 * What a graph can take and give beside tensors: sequences as arrays, maps (of classifiers, say) as `Map`, and `undefined`
 * for an optional value that is not there.
 */
export type OnnxValue = Tensor | readonly OnnxValue[] | OnnxMap | undefined;

export type OnnxMap = ReadonlyMap<string | number | bigint, string | number | bigint>;
