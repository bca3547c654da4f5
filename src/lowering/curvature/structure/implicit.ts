/**
 * A whole matrix of which only products are known.
 *
 * @module
 */
import { conjugateGradients, type Product } from "../../../linalg/conjugate_gradients.ts";
import { krylovSpectral } from "../../../linalg/krylov.ts";
import { apply } from "../../../linalg/matrices.ts";
import type { CgSolver, LanczosSolver } from "../../../optimizer/solver.ts";
import { add, cast, constant, mul } from "../../../tensor/ops.ts";
import { hyper, record, remember, type Scope } from "../../scope.ts";
import { damped } from "../damping.ts";
import { inPlace, type Operator } from "../operator.ts";
import { withoutNoise } from "./noise.ts";
import type { StageView } from "./rule.ts";

/** û/λ for a direction in the coordinates of the parameters; no other power is known. */
export function conjugateOperator(
  { steps, tolerance, progress, warmStart }: CgSolver,
  times: Product,
  { stage, direction }: StageView,
  scope: Scope,
): Operator {
  // The dampings that there are add: to 0, all that they add.
  const shift = damped(stage.damping, "spectrum", constant(0), scope);
  const shifted: Product = (v) => add(times(v), mul(shift, v));
  const last = warmStart === undefined
    ? undefined
    : remember(scope, "solver/solution", direction.shape, 0);
  const { x, iterations, negativeCurvature } = conjugateGradients(
    stage.damping.length === 0 ? times : shifted,
    direction,
    {
      steps,
      tolerance,
      ...(progress === undefined ? {} : { progress }),
      ...(last === undefined
        ? {}
        : { warmStart: mul(hyper(scope, "solver/warmStart", warmStart!), last.old) }),
    },
  );
  last?.become(x);
  const truncated = cast(negativeCurvature, "f32");
  record(scope, "products", iterations);
  record(scope, "truncated", truncated);
  return inPlace({ divide: () => x, dropped: () => truncated });
}

/** The Ritz values and vectors that the direction's Krylov space has. */
export function krylovOperator(
  { steps }: LanczosSolver,
  times: Product,
  { direction, spectrum }: StageView,
): Operator {
  const { values, vectors, coordinates } = krylovSpectral(times, direction, { steps });
  return {
    coordinates: () => coordinates,
    vector: (d) => apply(vectors, d),
    spectrum: spectrum(withoutNoise(values), { signed: true }),
  };
}
