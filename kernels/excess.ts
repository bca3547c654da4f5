/**
 * How large kernels may be: text that drivers read in milliseconds, and loads that each cost some to compile.
 *
 * @module
 */

/** Characters of a kernel. */
export const MOST_TEXT = 20_000;
/** Loads that a kernel spells out; a vector is one. */
export const MOST_LOADS = 100;

/** Loads that a text of WGSL spells out. */
export function loadsIn(source: string): number {
  const accesses = source.match(/\bb\d+\[/g) ?? [];
  const stores = source.match(/^b\d+\[.*\] = /gm) ?? [];
  return accesses.length - stores.length;
}

/** How many times a kernel is as large as it may be. */
export function excessOf(source: string): number {
  return Math.max(source.length / MOST_TEXT, loadsIn(source) / MOST_LOADS);
}
