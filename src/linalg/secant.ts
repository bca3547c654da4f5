/**
 * Inverses that are changed by pairs of a step s and a change y of the gradient, so that K·y = s.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  concatenate,
  constant,
  div,
  dot,
  gather,
  matmul,
  mul,
  neg,
  norm,
  select,
  slice,
  sub,
  transpose,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongColumns,
  alongRows,
  apply,
  diagonalMatrix,
  diagonalOf,
  extentsOf,
  firstIndex,
  isIndex,
} from "./matrices.ts";
import { orthonormalize } from "./orthonormalize.ts";
import type { LowRankSpectral } from "./low_rank.ts";
import { symmetricEigen, type SymmetricEigenOptions } from "./symmetric_eigen.ts";

/** Which of the matrices with K·y = s. */
type InverseUpdate = "bfgs" | "dfp" | "sr1";

/** a/b where `some`, else 0. */
function quotient(some: Node, a: Node, b: Node): Node {
  return select(some, div(a, select(some, b, 1)), 0);
}

/** x yᵀ. */
function outer(x: Node, y: Node): Node {
  const shape = [x.shape[0]!, y.shape[0]!];
  return mul(alongRows(x, shape), alongColumns(y, shape));
}

/** Whether sᵀy > ε‖s‖‖y‖: the matrix stays positive definite. */
export function curves(s: Node, y: Node, eps: number): Node {
  return compare("gt", dot(s, y), mul(eps, mul(norm(s), norm(y))));
}

/** How a pair changes K, and whether it can. */
interface Change {
  readonly change: Node;
  readonly possible: Node;
}

type Rule = (k: Node, s: Node, y: Node, eps: number) => Change;

const RULES: { readonly [U in InverseUpdate]: Rule } = {
  bfgs: (k, s, y, eps) => {
    const possible = curves(s, y, eps), rho = quotient(possible, constant(1), dot(s, y));
    const ky = apply(k, y);
    const half = mul(0.5, add(1, mul(rho, dot(y, ky))));
    const other = mul(rho, sub(mul(half, s), ky));
    return { possible, change: add(outer(s, other), outer(other, s)) };
  },
  dfp: (k, s, y, eps) => {
    const ky = apply(k, y), along = dot(y, ky);
    const possible = binary("and", curves(s, y, eps), compare("gt", along, 0));
    const gained = mul(quotient(possible, constant(1), dot(s, y)), outer(s, s));
    return {
      possible,
      change: sub(gained, mul(quotient(possible, constant(1), along), outer(ky, ky))),
    };
  },
  sr1: (k, s, y, eps) => {
    const v = sub(s, apply(k, y)), along = dot(v, y);
    const possible = compare("gt", abs(along), mul(eps, mul(norm(v), norm(y))));
    return { possible, change: mul(quotient(possible, constant(1), along), outer(v, v)) };
  },
};

/**
 * K with K·y = s from K before the pair; the same K where the pair has no curvature: unless sᵀy > ε‖s‖‖y‖ (`"bfgs"`, `"dfp"`), or
 * |vᵀy| > ε‖v‖‖y‖ with v = s − Ky (`"sr1"`).
 *
 * Source: Nocedal and Wright 2006, equations (6.17), (6.15) and (6.25).
 */
export function updateInverse(
  rule: InverseUpdate,
  k: Node,
  s: Node,
  y: Node,
  eps: number,
): { readonly inverse: Node; readonly taken: Node } {
  const { change, possible } = RULES[rule](k, s, y, eps);
  return { inverse: select(possible, add(k, change), k), taken: possible };
}

/** The newest pairs, in places that are taken in turn; a place without a pair is 0. */
export interface Pairs {
  /**
   * Steps s as the first m columns, changes y as the others, shape [n, 2m]: what lies side by side is read together by
   * who multiplies the vectors with each other, or adds them up.
   */
  readonly vectors: Node;
  /** The place of the newest pair, a u32 scalar. */
  readonly newest: Node;
}

const u32 = (value: number): Node => constant(value, [], "u32");

/** How many places pairs have. */
function placesOf(path: string, { vectors }: Pairs): number {
  return extentsOf(path, vectors)[1] / 2;
}

/** The place of the pair that is `age` pairs older than the newest of m. */
function place(newest: Node, age: Node, m: number): Node {
  return binary("rem", binary("sub", binary("add", newest, u32(m)), age), u32(m));
}

/**
 * K·u for the K that BFGS makes of γ⁻¹ times the identity and the pairs, the oldest first, without forming it.
 *
 * K·u is a combination of the vectors s, y and u, and both loops of the recursion need no more than products of two of
 * them: sᵀy, yᵀy, sᵀu and yᵀu. So the vectors are read once for all products and once for the sum, and the loops
 * go through m numbers each.
 *
 * Source: Nocedal and Wright 2006, Algorithm 7.4; Chen, Wang and Zhou 2014, Algorithm 3, which has sᵀs too.
 *
 * @param start γ⁻¹ from sᵀy and yᵀy of the newest pair.
 */
export function twoLoop(
  pairs: Pairs,
  start: (product: Node, squared: Node) => Node,
  u: Node,
): Node {
  const { vectors, newest } = pairs, m = placesOf("twoLoop", pairs), n = u.shape[0]!;
  const rows = transpose(vectors);
  const all = matmul(rows, slice(vectors, [0, m], [n, 2 * m])), withU = apply(rows, u);
  const products = slice(all, [0, 0], [m, m]), squares = slice(all, [m, 0], [2 * m, m]);
  const along = diagonalOf(products);
  const scale = start(gather(along, newest), gather(diagonalOf(squares), newest));
  const rho = quotient(compare("gt", along, 0), constant(1, [m]), along);
  const put = (all: Node, p: Node, one: Node) => select(isIndex([m], 0, p), one, all);
  // What a loop has not come to is 0: so a row of products meets the pairs before it and no other.
  const [alphas] = loop({
    times: m,
    initial: [constant(0, [m]), firstIndex],
    body: (alphas, age) => {
      const p = place(newest, age!, m);
      const rest = sub(gather(withU, p), dot(gather(products, p), alphas!));
      return [put(alphas!, p, mul(gather(rho, p), rest)), after(age!)];
    },
  });
  const left = mul(scale, sub(slice(withU, [m], [2 * m]), apply(squares, alphas!)));
  const backwards = transpose(products);
  const [weights] = loop({
    times: m,
    initial: [constant(0, [m]), u32(m - 1)],
    body: (weights, age) => {
      const p = place(newest, age!, m);
      const beta = mul(gather(rho, p), add(gather(left, p), dot(gather(backwards, p), weights!)));
      return [put(weights!, p, sub(gather(alphas!, p), beta)), binary("sub", age!, u32(1))];
    },
  });
  const coefficients = concatenate([weights!, mul(neg(scale), alphas!)], 0);
  return add(mul(scale, u), apply(vectors, coefficients));
}

/** What counts as nothing beside the vectors before one, relative to it: a step is much like the change that it makes. */
const DEPENDENT = 2 ** -22;

/** What {@link secantSpectral} gives. */
interface SecantSpectral extends LowRankSpectral {
  /** Whether the newest pair has changed K, an f32 scalar: 1 or 0. */
  readonly taken: Node;
}

/**
 * Eigenvalues and eigenvectors of the K that an update makes of `scale` times the identity and m pairs, the oldest first: on an
 * orthonormal basis of the 2m vectors it is a 2m × 2m matrix, which the same update changes.
 */
export function secantSpectral(
  rule: InverseUpdate,
  pairs: Pairs,
  scale: Node,
  eps: number,
  options: SymmetricEigenOptions = {},
): SecantSpectral {
  const { vectors, newest } = pairs, m = placesOf("secantSpectral", pairs);
  const { q, r, rank } = orthonormalize(vectors, { tolerance: DEPENDENT });
  const coordinates = transpose(r);
  const [k, taken] = loop({
    times: m,
    initial: [diagonalMatrix(scale, 2 * m), constant(0), u32(m - 1)],
    body: (k, _, age) => {
      const p = place(newest, age!, m);
      const s = gather(coordinates, p), y = gather(coordinates, binary("add", p, u32(m)));
      const next = updateInverse(rule, k!, s, y, eps);
      return [
        next.inverse,
        select(next.taken, constant(1), constant(0)),
        binary("sub", age!, u32(1)),
      ];
    },
  });
  const eigen = symmetricEigen(k!, options);
  return {
    sigma: scale,
    values: eigen.values,
    basis: matmul(q, eigen.vectors),
    rank,
    taken: taken!,
  };
}
