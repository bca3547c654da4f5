/**
 * How large a kernel's text is.
 *
 * Drivers take milliseconds for each load that is spelled out, and stop optimising what is long.
 *
 * @module
 */

/** Characters of a kernel, and loads that it spells out, at most, wherever another tile has fewer. */
const MOST_TEXT = 20_000;
const MOST_LOADS = 100;
/** Loads and stores of a kernel with loops inside: apart, each iteration would begin every one of its parts. */
const MOST_PLACES = 160;
/** Places that read or write. */
const PLACES = /\bb\d+\[/g;
const STORES = /^b\d+\[.*\] = /gm;

/** Loads that a text of WGSL spells out; a vector is one. */
export function loadsIn(source: string): number {
  return [...source.matchAll(PLACES)].length - [...source.matchAll(STORES)].length;
}

/** Whether a kernel is more than drivers like to compile. */
export function isLong(source: string): boolean {
  return source.length > MOST_TEXT || loadsIn(source) > MOST_LOADS;
}

/** Whether a kernel with loops inside is more than drivers like to compile. */
export function isLongLoop(source: string): boolean {
  return source.length > MOST_TEXT || [...source.matchAll(PLACES)].length > MOST_PLACES;
}
