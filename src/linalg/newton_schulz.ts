/**
 * The orthogonal factor of a matrix by products alone.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import { add, compare, div, matmul, mul, norm, select, transpose } from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import { checkCount, extentsOf, normalized } from "./matrices.ts";

/** a, b, c of X ← a·X + b·(X·Xᵀ)·X + c·(X·Xᵀ)²·X. */
export type NewtonSchulzCoefficients = readonly [a: number, b: number, c: number];

/**
 * Muon's coefficients (Jordan et al., 2024): fast and without a limit. Singular values from 0.01 of ‖X‖_F
 * on come out between about 0.68 and 1.13 after five steps, not at 1.
 */
export const muonQuintic: NewtonSchulzCoefficients = [3.4445, -4.7750, 2.0315];
/** Converges to singular values of 1, of second order; small ones grow by 3/2 a step. */
export const convergentCubic: NewtonSchulzCoefficients = [1.5, -0.5, 0];
/** Converges to singular values of 1, of third order; small ones grow by 15/8 a step. */
export const convergentQuintic: NewtonSchulzCoefficients = [15 / 8, -10 / 8, 3 / 8];

/** Options of {@link newtonSchulz}. */
interface NewtonSchulzOptions {
  /** How many steps; default 5. */
  readonly steps?: number;
  /** The polynomial; default {@link muonQuintic}. */
  readonly coefficients?: NewtonSchulzCoefficients;
}

/**
 * U·φ(Σ)·Vᵀ of a matrix U·Σ·Vᵀ of any shape [m, n], where φ is `steps` times the odd polynomial with the
 * given coefficients, applied to Σ/‖X‖_F. Null directions stay null, a zero matrix gives 0; but
 * the rounding in a null direction grows by the factor a with each step, so that of twenty steps in single
 * precision 1e-3 may be seen where 0 is meant.
 *
 * Products are taken on the smaller side. The input is divided by its largest element before its norm
 * is taken, so that its size does not matter.
 *
 * @throws SteepestError of kind `shape` unless the input is an f32 matrix.
 */
export function newtonSchulz(matrix: Node, options: NewtonSchulzOptions = {}): Node {
  const [rows, columns] = extentsOf("newtonSchulz", matrix);
  const { steps = 5, coefficients: [a, b, c] = muonQuintic } = options;
  checkCount("newtonSchulz/steps", steps);
  const { value } = normalized(rows > columns ? transpose(matrix) : matrix);
  const size = norm(value);
  const [result] = loop({
    times: steps,
    initial: [div(value, select(compare("gt", size, 0), size, 1))],
    body: (x) => {
      const gram = matmul(x!, transpose(x!));
      const linear = mul(b, gram);
      const polynomial = c === 0 ? linear : add(linear, mul(c, matmul(gram, gram)));
      return [add(mul(a, x!), matmul(polynomial, x!))];
    },
  });
  return rows > columns ? transpose(result!) : result!;
}
