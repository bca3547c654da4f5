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
  norm,
  select,
  sub,
  sum,
  transpose,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongColumns,
  alongRows,
  apply,
  diagonalMatrix,
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
  /** Steps s as rows, shape [m, n]. */
  readonly steps: Node;
  /** Changes y as rows, shape [m, n]. */
  readonly changes: Node;
  /** The place of the newest pair, a u32 scalar. */
  readonly newest: Node;
}

const u32 = (value: number): Node => constant(value, [], "u32");

/** The place of the pair that is `age` pairs older than the newest of m. */
function place(newest: Node, age: Node, m: number): Node {
  return binary("rem", binary("sub", binary("add", newest, u32(m)), age), u32(m));
}

/**
 * K·u for the K that BFGS makes of γ⁻¹ times the identity and the pairs, the oldest first, without forming it.
 *
 * Source: Nocedal and Wright 2006, Algorithm 7.4.
 */
export function twoLoop({ steps, changes, newest }: Pairs, scale: Node, u: Node): Node {
  const [m] = extentsOf("twoLoop", steps);
  const products = sum(mul(steps, changes), [1]);
  const rho = quotient(compare("gt", products, 0), constant(1, [m]), products);
  const [down, alphas] = loop({
    times: m,
    initial: [u, constant(0, [m]), firstIndex],
    body: (q, alphas, age) => {
      const p = place(newest, age!, m);
      const alpha = mul(gather(rho, p), dot(gather(steps, p), q!));
      return [
        sub(q!, mul(alpha, gather(changes, p))),
        select(isIndex([m], 0, p), alpha, alphas!),
        after(age!),
      ];
    },
  });
  const [up] = loop({
    times: m,
    initial: [mul(scale, down!), u32(m - 1)],
    body: (r, age) => {
      const p = place(newest, age!, m);
      const beta = mul(gather(rho, p), dot(gather(changes, p), r!));
      return [
        add(r!, mul(sub(gather(alphas!, p), beta), gather(steps, p))),
        binary("sub", age!, u32(1)),
      ];
    },
  });
  return up!;
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
  { steps, changes, newest }: Pairs,
  scale: Node,
  eps: number,
  options: SymmetricEigenOptions = {},
): SecantSpectral {
  const [m] = extentsOf("secantSpectral", steps);
  const vectors = transpose(concatenate([steps, changes], 0));
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
