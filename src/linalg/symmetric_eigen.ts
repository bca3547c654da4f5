/**
 * Eigenvalues and eigenvectors of symmetric matrices: Jacobi's method, half of all rows at a time.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  constant,
  div,
  gather,
  iota,
  matmul,
  max,
  mul,
  neg,
  reduce,
  reshape,
  select,
  sign,
  sqrt,
  square,
  sub,
  sum,
  transpose,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongRows,
  checkCount,
  diagonalOf,
  firstIndex,
  identity,
  normalized,
  orderOf,
} from "./matrices.ts";

/** Options of {@link symmetricEigen}. */
export interface SymmetricEigenOptions {
  /** How many sweeps over all pairs at most; default 15. Usual are 5 to 9. */
  readonly sweeps?: number;
  /**
   * The loop ends after a sweep that met no element beside the diagonal larger than this, relative to
   * the largest element of the matrix; default 1e-8. Convergence is quadratic, so that what such
   * a sweep leaves is far smaller.
   */
  readonly tolerance?: number;
}

/** A symmetric matrix as V·diag(values)·Vᵀ. */
export interface Eigen {
  /** The eigenvalues, shape [n], roughly by falling magnitude: rely on no order. */
  readonly values: Node;
  /** Orthonormal eigenvectors as columns, shape [n, n], in the order of the values. */
  readonly vectors: Node;
}

/** What {@link symmetricEigen} gives. */
interface SymmetricEigen extends Eigen {
  /** Rounds done before convergence, an f32 scalar; at the limit where the sweeps did not suffice. */
  readonly rounds: Node;
}

/** Below this (the largest element is 1) a pair counts as diagonal; squares stay above underflow. */
const NEGLIGIBLE = 1e-18;

/** How many rounds let every pair meet once. */
const roundsOf = (n: number): number => n % 2 === 0 ? n - 1 : n;

/**
 * Who meets whom in a round: i and round − i modulo the number of rounds. Whoever would meet itself meets the
 * last row where their number is even, else nobody.
 */
function partners(n: number, round: Node): Node {
  const rounds = roundsOf(n), u32 = (v: number) => constant(v, [], "u32");
  const rows = iota([n], 0);
  const mirrored = binary(
    "rem",
    binary("sub", binary("add", round, u32(rounds)), rows),
    u32(rounds),
  );
  if (n % 2 === 1) return mirrored;
  const last = u32(n - 1);
  const alone = binary("rem", binary("mul", round, u32((rounds + 1) / 2)), u32(rounds));
  const own = select(compare("eq", mirrored, rows), last, mirrored);
  return select(compare("eq", rows, last), alone, own);
}

/** Of each row: its partner, and s and 1 − c of the rotation x′ = c·x − s·x_partner. */
interface Rotations {
  readonly partner: Node;
  readonly s: Node;
  readonly lack: Node;
  /** The element between the two that these rotations remove. */
  readonly between: Node;
}

/**
 * The rotations that remove the elements between partners. Both partners compute theirs from the same
 * element of the upper triangle, so that the two are each other's inverse to the last bit.
 */
function rotations(a: Node, round: Node, tolerance: number): Rotations {
  const n = a.shape[0]!;
  const partner = partners(n, round), rows = iota([n], 0);
  const upper = binary("min", rows, partner), lower = binary("max", rows, partner);
  const place = binary("add", binary("mul", upper, constant(n, [], "u32")), lower);
  const alone = compare("eq", rows, partner);
  const between = select(alone, 0, gather(reshape(a, [n * n]), place));
  const diagonal = diagonalOf(a);
  const gap = sub(gather(diagonal, partner), diagonal);
  // The smaller angle keeps the order of the two diagonal elements; a quarter turn more exchanges them.
  // Larger magnitudes towards the first rows save a fifth of the sweeps where eigenvalues are graded.
  const first = compare("lt", rows, partner);
  const side = select(first, constant(1), constant(-1));
  const rises = select(compare("eq", gap, 0), neg(side), sign(gap));
  const twice = mul(2, between);
  const reach = add(abs(gap), sqrt(add(square(gap), square(twice))));
  const turns = compare("gt", reach, NEGLIGIBLE);
  const t = select(turns, div(mul(rises, twice), select(turns, reach, 1)), 0);
  const root = sqrt(add(1, square(t)));
  const cosine = div(1, root), sine = div(t, root);
  const trace = add(diagonal, gather(diagonal, partner));
  // None where nothing is removed: a sweep that moves rows about without that may miss the element it looks for.
  const exchange = binary(
    "and",
    compare("gt", mul(mul(rises, side), trace), 0),
    compare("gt", abs(between), tolerance),
  );
  const s = select(exchange, neg(mul(side, cosine)), sine);
  // 1 − c without cancellation where c is near 1: s²/(1 + c).
  const lack = select(
    exchange,
    sub(1, mul(side, sine)),
    div(mul(sine, t), add(1, root)),
  );
  return { partner, s, lack, between };
}

/** x′ = x − (s·x_partner + (1 − c)·x) of each row: a correction, which rounds less than c·x − s·x_partner. */
function rotateRows(x: Node, { partner, s, lack }: Omit<Rotations, "between">): Node {
  return sub(
    x,
    add(mul(alongRows(s, x.shape), gather(x, partner)), mul(alongRows(lack, x.shape), x)),
  );
}

/**
 * Jᵀ·A·J. What is left between partners after a small angle is a rounding of what was there, because the
 * products are corrections: it falls to zero as if it were put there.
 */
function rotateBoth(a: Node, by: Omit<Rotations, "between">): Node {
  return transpose(rotateRows(transpose(rotateRows(a, by)), by));
}

/** V·(3 − VᵀV)/2: columns that are orthonormal to rounding, from ones that nearly are. */
function orthonormalized(v: Node): Node {
  return sub(mul(1.5, v), mul(0.5, matmul(v, matmul(transpose(v), v))));
}

/**
 * The eigenvalues and eigenvectors of a symmetric matrix [n, n], by two-sided Jacobi rotations.
 *
 * In a round all rows are paired and all pairs are rotated at once, which is elementwise arithmetic on
 * the matrix with rows and columns read from two places; n − 1 rounds (n where n is odd) let all pairs
 * meet once: a sweep. Zero, diagonal, indefinite and singular matrices and repeated eigenvalues need
 * no care of the caller; entries may be as small as 1e-30 and as large as 1e30. Only differences of
 * rounding between the two triangles may matter: the upper one decides.
 *
 * In single precision ‖A − VΛVᵀ‖ and ‖VᵀV − 1‖ are about 1e-6 (of ‖A‖, of 1). An element that is not
 * finite makes results that are not finite.
 *
 * @throws SteepestError of kind `shape` unless the matrix is square and f32.
 */
export function symmetricEigen(
  matrix: Node,
  options: SymmetricEigenOptions = {},
): SymmetricEigen {
  const n = orderOf("symmetricEigen", matrix);
  const { sweeps = 15, tolerance = 1e-8 } = options;
  checkCount("symmetricEigen/sweeps", sweeps);
  if (n === 1) {
    return { values: reshape(matrix, [1]), vectors: constant(1, [1, 1]), rounds: constant(0) };
  }
  const { value: start, scale } = normalized(matrix);
  const rounds = roundsOf(n);
  const first = rotations(start, firstIndex, tolerance);
  // The rotations are carried, so that they are computed once for each row and not for each element; what
  // they remove is remembered for each row, and looked at after a sweep.
  const [, vectors, , , , , , , done] = loop({
    times: sweeps * rounds,
    initial: [
      start,
      identity(n),
      first.partner,
      first.s,
      first.lack,
      abs(first.between),
      firstIndex,
      constant(1),
      constant(0),
    ],
    body: (a, v, partner, s, lack, removed, round, largest, done) => {
      const by = { partner: partner!, s: s!, lack: lack! };
      const rotated = rotateBoth(a!, by);
      const following = binary("rem", after(round!), constant(rounds, [], "u32"));
      const ends = compare("eq", following, firstIndex);
      const next = rotations(rotated, following, tolerance);
      return [
        rotated,
        rotateRows(v!, by),
        next.partner,
        next.s,
        next.lack,
        max(select(ends, 0, removed!), abs(next.between)),
        following,
        select(ends, reduce("max", removed!), largest!),
        add(done!, 1),
      ];
    },
    condition: (...carried) => compare("gt", carried[7]!, tolerance),
  });
  const v = orthonormalized(transpose(vectors!));
  const values = mul(scale, sum(mul(v, matmul(start, v)), [0]));
  return { values, vectors: v, rounds: done! };
}
