/** Optimizers that each ask the objective for one thing, of which the cost is measured. */
import * as calculating from "../src/optimizer/calculating.ts";
import { adahessian } from "../src/optimizer/catalogue/adahessian.ts";
import { gaussNewtonDescent, naturalGradient, newton } from "../src/optimizer/catalogue/newton.ts";
import { sam } from "../src/optimizer/catalogue/sam.ts";
import { sophia } from "../src/optimizer/catalogue/sophia.ts";
import { chain } from "../src/optimizer/combinators.ts";
import { curvature } from "../src/optimizer/curvature.ts";
import { add } from "../src/optimizer/damping.ts";
import { lineSearch } from "../src/optimizer/line_search.ts";
import { cg } from "../src/optimizer/solver.ts";
import { diagonal, full } from "../src/optimizer/structure.ts";
import { kronecker } from "../src/optimizer/kronecker.ts";
import { scale } from "../src/optimizer/transforms.ts";
import type { Optimizer } from "../src/optimizer/types.ts";

/** Small, so that nothing overflows. */
export const RATE = 1e-3;

/** A stage that keeps the diagonal of each step's sample. */
function diagonalOf(of: calculating.Calculating): Optimizer {
  const stage = curvature({ calculating: of, structure: diagonal(), damping: add(1) });
  return chain(stage, scale(RATE));
}

const krylov = { structure: "krylov", learningRate: RATE, products: 6 } as const;

/** What is asked of the objective, and by whom. */
export const CASES: Readonly<Record<string, Optimizer>> = {
  "Hessian-vector product": adahessian({ learningRate: RATE }),
  "Hessian-vector products, 3": diagonalOf(calculating.hessian({ probes: 3 })),
  "Hessian-vector product, every 10 steps": sophia({ learningRate: RATE }),
  "Hessian-vector products, 6 by Lanczos": newton(krylov),
  "Hessian-vector products, 6 by conjugate gradients": chain(
    curvature({
      calculating: calculating.hessian(),
      structure: full(),
      // So much that no curvature is negative: all products are taken.
      damping: add(100),
      solver: cg({ steps: 6, tolerance: 0 }),
    }),
    scale(RATE),
  ),
  "Gauss–Newton-vector product": diagonalOf(calculating.gaussNewton()),
  "Gauss–Newton-vector products, 6 by Lanczos": gaussNewtonDescent(krylov),
  "gradient under sampled labels": diagonalOf(calculating.fisher()),
  "gradients of examples under sampled labels": diagonalOf(
    calculating.fisher({ from: "examples" }),
  ),
  "gradients of examples": diagonalOf(calculating.empiricalFisher({ from: "examples" })),
  "gradients of examples under sampled labels, Lanczos": naturalGradient(krylov),
  "factors of layers under sampled labels": chain(
    curvature({
      calculating: calculating.fisher({ from: "examples" }),
      structure: kronecker({ of: "layers" }),
      damping: add(1),
      // Eigenvectors are no gradients: once is all that is seen of them.
      every: { sample: 1, factor: 1000 },
    }),
    scale(RATE),
  ),
  "gradient elsewhere": sam({ learningRate: RATE }),
  "losses elsewhere, 4 trials": chain(
    scale(RATE),
    // No trial is good enough for such a c₁: all are made.
    lineSearch({ trials: 4, c1: 1, initial: 1e3, decrease: 0.99 }),
  ),
  "losses and slopes elsewhere, 4 trials": chain(
    scale(RATE),
    lineSearch({ method: "strongWolfe", trials: 4, c1: 0.99, c2: 1, initial: 1e3 }),
  ),
};
