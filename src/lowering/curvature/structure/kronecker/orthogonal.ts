/**
 * Orthogonal factors, of which nothing is remembered.
 *
 * @module
 */
import { newtonSchulz } from "../../../../linalg/newton_schulz.ts";
import type { NewtonSchulzSolver } from "../../../../optimizer/solver.ts";
import { joinPath } from "../../../../optimizer/walk.ts";
import { constant, reshape } from "../../../../tensor/ops.ts";
import { report, type Scope } from "../../../scope.ts";
import { inPlace, type Operator } from "../../operator.ts";
import type { Factoring } from "./factors.ts";

/** (GGᵀ)^{-1/2}G of the direction's own matrices G, nearly. */
export function orthogonalOperator(
  options: NewtonSchulzSolver,
  { blocks, split, join }: Factoring,
  scope: Scope,
): Operator {
  for (const { path, axes } of blocks) {
    const long = axes.find(({ extent, diagonal }) => diagonal && extent > 1);
    if (long === undefined) continue;
    report(
      { ...scope, path: joinPath(scope.path, "structure") },
      "limit",
      `an axis of ${long.extent} of ${path}, of whose factor the diagonal is kept`,
      "whole factors of all axes: newtonSchulz is of whole matrices",
    );
  }
  const divide: Operator["spectrum"]["divide"] = (x) =>
    join(
      split(x).map((tensor) => {
        const [rows = 1, columns = 1] = tensor.shape;
        return reshape(newtonSchulz(reshape(tensor, [rows, columns]), options), tensor.shape);
      }),
    );
  return inPlace({ divide, dropped: () => constant(0) });
}
