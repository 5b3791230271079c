/** What answers can be compressed with, the one we like best first: it costs least for what it gains. */
export const encodings = ['zstd', 'br', 'gzip', 'deflate'] as const;
export type Encoding = (typeof encodings)[number];

/** What a client takes, by its Accept-Encoding (RFC 9110, 12.5.3). */
export interface AcceptedEncodings {
  /** The best of ours that it takes as gladly as any; undefined for none. */
  readonly best: Encoding | undefined;
  /** It takes answers as they are. */
  readonly identity: boolean;
}

const plain: AcceptedEncodings = { best: undefined, identity: true };
const item = /^\s*(?<coding>[\w!#$%&'*+.^`|~-]+)\s*(?:;\s*q\s*=\s*(?<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/iu;

/** By coding; what is malformed is left out. */
function weightsOf(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const text of header.split(',')) {
    const { coding, weight } = item.exec(text)?.groups ?? {};
    if (coding === undefined) continue;
    const name = coding.toLowerCase();
    weights.set(name === 'x-gzip' ? 'gzip' : name, weight === undefined ? 1 : Number(weight));
  }
  return weights;
}

export function acceptedEncodings(header: string): AcceptedEncodings {
  if (header === '') return plain;
  const weights = weightsOf(header);
  const any = weights.get('*');
  const identity = weights.get('identity');
  const weightOf = (encoding: Encoding): number => weights.get(encoding) ?? any ?? 0;
  let best: Encoding | undefined;
  for (const encoding of encodings) {
    const weight = weightOf(encoding);
    if (weight > 0 && weight > (best === undefined ? 0 : weightOf(best))) best = encoding;
  }
  // A client that would rather have it plain gets it plain.
  if (best !== undefined && (identity ?? 0) > weightOf(best)) best = undefined;
  return { best, identity: (identity ?? any ?? 1) > 0 };
}
