/**
 * The threads of a kernel: the axes that their numbers are split into, and which part of them a
 * dispatch runs.
 *
 * @module
 */
import type { Axis } from "../src/loops/index.ts";

/**
 * An axis that is no axis of the grid, of which each thread goes through places that depend on where it is
 * along one: those from `per * place - skipped` on, `per` of them, if there are such.
 */
export interface Follower {
  readonly axis: Axis;
  /** The name of the axis of the grid. */
  readonly of: string;
  readonly per: number;
  readonly skipped: number;
}

/** The names of a thread's coordinates. */
export function threadNames(axes: readonly Axis[]): readonly string[] {
  return axes.map((_, i) => `g${i}`);
}

/** How many threads a dispatch has that runs blocks of these sizes. */
export function threadsIn(sizes: readonly number[]): number {
  return sizes.reduce((n, size) => n * size, 1);
}

/**
 * The statements that split `thread`, a number within a block of the axes, row-major.
 *
 * @param sizes Of a block along each axis.
 * @param first Where the block begins, for axes that it does not fill.
 */
export function threadLines(
  axes: readonly Axis[],
  sizes: readonly number[],
  first: (axis: number) => string,
): readonly string[] {
  const names = threadNames(axes), lines: string[] = [];
  let rest = "thread";
  for (let i = axes.length - 1; i >= 0; i--) {
    const size = sizes[i]!, outermost = sizes.slice(0, i).every((n) => n === 1);
    const within = size === 1 ? "0u" : outermost ? rest : `${rest} % ${size}u`;
    const cut = size < axes[i]!.extent;
    const text = !cut ? within : size === 1 ? first(i) : `${first(i)} + ${within}`;
    lines.push(`let ${names[i]} = ${text};`);
    if (size > 1 && !outermost) {
      lines.push(`let rest${i} = ${rest} / ${size}u;`);
      rest = `rest${i}`;
    }
    if (axes[i]!.extent % size !== 0) {
      lines.push(`if (${names[i]} >= ${axes[i]!.extent}u) { return; }`);
    }
  }
  return lines;
}

/**
 * A zero that drivers do not know: lavapipe compiles a kernel anew for the values of constant addresses of
 * uniform buffers that it branches on, and dies of some of them.
 */
export const ORIGIN = "origin_";

/** The declaration of {@link ORIGIN}. */
export const ORIGIN_DECLARATION = `var<private> ${ORIGIN}: u32;`;

/** A word of what a slice of a kernel is given. */
export function sliceWord(word: number): string {
  return `slice_[${ORIGIN} + ${word >> 2}u].${"xyzw"[word & 3]}`;
}

/** The binding of the words that a slice is given. */
export function sliceBinding(position: number, words: number): string {
  const vectors = Math.ceil(words / 4);
  return `@group(0) @binding(${position}) var<uniform> slice_: array<vec4<u32>, ${vectors}>;`;
}
