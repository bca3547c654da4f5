/** How far two tensors are apart. */

/** Largest |got − wanted| over the largest |wanted|; ∞ where only one of them is a finite number. */
export function distance(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Infinity;
  let scale = 0, apart = 0;
  for (let i = 0; i < wanted.length; i++) {
    const a = got[i]!, b = wanted[i]!;
    if (Object.is(a, b) || a === b) {
      if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
      continue;
    }
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    scale = Math.max(scale, Math.abs(b));
    apart = Math.max(apart, Math.abs(a - b));
  }
  return apart === 0 ? 0 : apart / Math.max(scale, 1e-30);
}
