/**
 * Orthonormal bases of given directions.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  abs,
  add,
  compare,
  constant,
  div,
  gather,
  iota,
  mul,
  norm,
  reduce,
  select,
  square,
  sub,
  sum,
  transpose,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import { after, alongColumns, apply, extentsOf, firstIndex, isIndex } from "./matrices.ts";

/** Options of {@link orthonormalize}. */
export interface OrthonormalizeOptions {
  /**
   * A column whose part beside the columns before it is at most this, relative to the column, is dropped;
   * default 1e-6.
   */
  readonly tolerance?: number;
  /** In which order columns are orthogonalised, u32 [k]; they keep their places. Default: from the first to the last. */
  readonly order?: Node;
  /** What takes the place of a dropped column where something of it is left beside the columns before, shape [n, k]. */
  readonly otherwise?: Node;
}

/** A matrix as Q·R. */
export interface Orthonormal {
  /** Orthonormal columns, shape [n, k]; a dropped column is 0. */
  readonly q: Node;
  /** Upper triangular with a diagonal that is not negative, shape [k, k]; a dropped column's row is 0. */
  readonly r: Node;
  /** How many columns were kept, an f32 scalar. */
  readonly rank: Node;
}

/** What is left of x beside orthonormal `rows`, and its parts along them; once is not enough in f32. */
export function beside(
  x: Node,
  rows: Node,
): { readonly rest: Node; readonly parts: Node } {
  const columns = transpose(rows);
  const first = apply(rows, x);
  const once = sub(x, apply(columns, first));
  const second = apply(rows, once);
  return { rest: sub(once, apply(columns, second)), parts: add(first, second) };
}

/**
 * Q and R of a matrix [n, k] by Gram–Schmidt, each column orthogonalised twice: for k ≤ n
 * orthonormal to rounding whatever the condition. Columns of any size, zero columns and columns that
 * depend on those before them are fine: the latter two are dropped.
 *
 * @throws SteepestError of kind `shape` unless the input is an f32 matrix.
 */
export function orthonormalize(
  matrix: Node,
  { tolerance = 1e-6, order, otherwise }: OrthonormalizeOptions = {},
): Orthonormal {
  const [n, k] = extentsOf("orthonormalize", matrix);
  // Each column is brought to a largest element of 1, so that no square leaves single precision.
  const sizes = reduce("max", abs(matrix), [0]);
  const scales = select(compare("gt", sizes, 0), sizes, 1);
  const columns = transpose(div(matrix, alongColumns(scales, [n, k])));
  const instead = otherwise === undefined ? undefined : transpose(otherwise);
  /** What a column adds to those before it, of length 1, or 0. */
  const added = (column: Node, q: Node) => {
    const { rest, parts } = beside(column, q);
    const left = norm(rest);
    const kept = compare("gt", left, mul(tolerance, norm(column)));
    return { kept, left, parts, unit: select(kept, div(rest, select(kept, left, 1)), 0) };
  };
  const [rows, r] = loop({
    times: k,
    initial: [constant(0, [k, n]), constant(0, [k, k]), firstIndex],
    body: (q, r, turn) => {
      const j = order === undefined ? turn! : gather(order, turn!);
      const { kept, left, parts, unit } = added(gather(columns, j), q!);
      const row = instead === undefined
        ? unit
        : select(kept, unit, added(gather(instead, j), q!).unit);
      const own = select(
        compare("eq", iota([k], 0), j),
        select(kept, left, constant(0)),
        parts,
      );
      return [
        select(isIndex([k, n], 0, j), alongColumns(row, [k, n]), q!),
        // Row j of the transpose: the parts of column j.
        select(isIndex([k, k], 0, j), alongColumns(own, [k, k]), r!),
        after(turn!),
      ];
    },
  });
  const upper = mul(transpose(r!), alongColumns(scales, [k, k]));
  const kept = compare("gt", sum(square(rows!), [1]), 0.5);
  return {
    q: transpose(rows!),
    r: upper,
    rank: sum(select(kept, constant(1), constant(0))),
  };
}
