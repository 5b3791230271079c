/** Quantiles of the normal and of Student's distribution, good to four digits, which is more than intervals need. */

/** Acklam's rational approximation; relative error below 1.2e-9. REQUIRES: 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    const c = [-7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734];
    const d = [7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
    return polynomial([...c, 4.374664141464968, 2.938163982698783], q) / polynomial([...d, 1], q);
  }
  const q = p - 0.5;
  const r = q * q;
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  return (polynomial([...a, 2.506628277459239], r) * q) / polynomial([...b, 1], r);
}

/** Highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

/** Hill's expansion around the normal quantile; off by less than 1 % from 3 degrees of freedom and p up to 0.995. */
export function studentQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, index) => sum + term / degrees ** (index + 1), z);
}
