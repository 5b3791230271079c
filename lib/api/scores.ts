/** From what a head gives to what people read. */

/** A document's place in what was given, and how relevant it is. */
export interface RankedDocument {
  readonly index: number;
  /** 0 to 1, or what the model gives where raw ones were asked for. */
  readonly score: number;
}

export interface ClassScore {
  readonly label: string;
  /** A probability, or what the model gives where raw ones were asked for. */
  readonly score: number;
}

/** Best first. */
export function rankedDocuments(scores: Float32Array, topN: number): RankedDocument[] {
  const ranked = Array.from(scores, (score, index) => ({ index, score })).sort((a, b) => b.score - a.score);
  return ranked.slice(0, topN);
}

/** Likeliest first. */
export function classScores(scores: Float32Array, labels: readonly string[], topK: number): ClassScore[] {
  return Array.from(scores, (score, index) => ({ label: labels[index] ?? `LABEL_${String(index)}`, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Probabilities of classes of which one is true. */
export function softmax(logits: Float32Array): Float32Array {
  const most = logits.reduce((best, logit) => Math.max(best, logit), -Infinity);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Scaled to length 1; a vector of zeros stays. */
export function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** The first `dimensions` of a vector: what models trained for it ("Matryoshka") mean by a shorter one. */
export function shortened(vector: Float32Array, dimensions: number | undefined): Float32Array {
  return dimensions === undefined || dimensions >= vector.length ? vector : vector.slice(0, dimensions);
}
