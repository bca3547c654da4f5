/**
 * The sizes that a tile may have along an axis.
 *
 * @module
 */

/** What a tile must satisfy along each parallel axis. */
export interface TileConstraint {
  readonly multiple: number;
  readonly whole: boolean;
}

/** Elements along a parallel axis: what divides it, and a few sizes that do not. */
export function candidates(
  extent: number,
  c: TileConstraint,
  most: number,
  edges: boolean,
): number[] {
  if (c.whole) return [extent];
  const even = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, extent]
    .filter((n) => extent % n === 0);
  const sizes = new Set(edges ? [...even, 4, 6, 8, 12, 16] : even);
  const found = [...sizes].filter((n) => n <= extent && n <= most && n % c.multiple === 0);
  return found.length > 0 ? found.sort((a, b) => a - b) : [c.multiple];
}

/** Sizes of loop blocks: all of a short axis, or a few. */
export function reduceCandidates(extent: number): number[] {
  const sizes = extent <= 32 ? [extent, 1] : [1];
  for (const n of [4, 8, 16]) if (extent > n && (extent % n === 0 || extent > 4 * n)) sizes.push(n);
  for (const n of [5, 6, 10, 12]) if (extent > n && extent % n === 0) sizes.push(n);
  return [...new Set(sizes)];
}
