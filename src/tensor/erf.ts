/**
 * The error function in double precision.
 *
 * @module
 */

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/**
 * erf(x) = 2/√π ∫₀ˣ e^(−t²) dt, to a few units of the last place.
 *
 * Below 2 the series 2/√π · x · e^(−x²) · Σ (2x²)ⁿ / (1·3·…·(2n+1)), whose terms are all positive;
 * above, one minus the continued fraction of the complement, evaluated from its tail.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a === 0 || Number.isNaN(x)) return x;
  if (a > 6) return Math.sign(x);
  if (a < 2) {
    let term = 1, sum = 1;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return TWO_OVER_ROOT_PI * x * Math.exp(-x * x) * sum;
  }
  // e^(−x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))))
  let tail = a;
  for (let n = 60; n >= 1; n--) tail = a + (n / 2) / tail;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail));
}
