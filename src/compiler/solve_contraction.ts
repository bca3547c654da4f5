/**
 * Contractions read from the output's side.
 *
 * The output map gives each output coordinate as an affine form of the domain. Solving it for one
 * axis per coordinate leaves the others as loops to sum over: the gradient of a convolution becomes
 * a sum over taps, and an overlap-free scatter a plain read.
 *
 * @module
 */
import {
  type Axis,
  type Index,
  indexAxis,
  indexConstant,
  indexDiv,
  indexMod,
  indexShift,
  indexSum,
} from "../loops/index.ts";
import type { OpOf } from "../tensor/node.ts";

/** A contraction's domain, as seen from its output. */
export interface SolvedContraction {
  /** Each domain axis at a point of the nest. */
  readonly indices: readonly Index[];
  /** These must be within their extents. */
  readonly guards: readonly { readonly index: Index; readonly extent: number }[];
  /** These must be multiples. */
  readonly multiples: readonly { readonly index: Index; readonly of: number }[];
}

/**
 * The domain of a contraction in terms of its output's coordinates and fresh axes that are summed,
 * with the tests under which a point of the nest is one of the domain.
 */
export function solveContraction(
  op: OpOf<"contraction">,
  out: readonly Index[],
  fresh: (extent: number) => Axis,
): SolvedContraction {
  const at = new Array<Index | undefined>(op.domain.length);
  const guards: { index: Index; extent: number }[] = [];
  const multiples: { index: Index; of: number }[] = [];
  op.output.forEach((affine, j) => {
    const open = affine.factors.flatMap((f, i) =>
      f !== 0 && at[i] === undefined && op.domain[i]! > 1 ? [i] : []
    );
    const rest = indexShift(
      indexSum([
        { factor: 1, index: out[j]! },
        ...affine.factors.flatMap((f, i) =>
          f !== 0 && at[i] !== undefined ? [{ factor: -f, index: at[i]! }] : []
        ),
      ]),
      -affine.constant,
    );
    if (open.length === 0) {
      guards.push({ index: rest, extent: 1 });
      return;
    }
    const ordered = [...open].sort((a, b) =>
      Math.abs(affine.factors[b]!) - Math.abs(affine.factors[a]!) || op.domain[b]! - op.domain[a]!
    );
    const radix = ordered.every((i, k) => {
      const next = ordered[k + 1];
      return affine.factors[i]! > 0 &&
        (next === undefined
          ? affine.factors[i] === 1
          : affine.factors[i] === affine.factors[next]! * op.domain[next]!);
    });
    if (radix) {
      ordered.forEach((i, k) => {
        const quotient = indexDiv(rest, affine.factors[i]!);
        at[i] = k === 0 ? quotient : indexMod(quotient, op.domain[i]!);
      });
      guards.push({ index: at[ordered[0]!]!, extent: op.domain[ordered[0]!]! });
      return;
    }
    const solved = ordered[0]!;
    const factor = affine.factors[solved]!;
    for (const i of ordered.slice(1)) at[i] = indexAxis(fresh(op.domain[i]!));
    const numerator = indexSum([
      { factor: Math.sign(factor), index: rest },
      ...ordered.slice(1).map((i) => ({
        factor: -Math.sign(factor) * affine.factors[i]!,
        index: at[i]!,
      })),
    ]);
    const n = Math.abs(factor);
    if (n > 1) multiples.push({ index: numerator, of: n });
    at[solved] = indexDiv(numerator, n);
    guards.push({ index: at[solved]!, extent: op.domain[solved]! });
  });
  const indices = op.domain.map((extent, i) =>
    at[i] ?? (extent === 1 ? indexConstant(0) : indexAxis(fresh(extent)))
  );
  return { indices, guards, multiples };
}
