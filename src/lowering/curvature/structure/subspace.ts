/**
 * A few directions that follow the gradients.
 *
 * @module
 */
import { apply } from "../../../linalg/matrices.ts";
import { orthonormalize } from "../../../linalg/orthonormalize.ts";
import { symmetricEigen } from "../../../linalg/symmetric_eigen.ts";
import type { Hyper } from "../../../optimizer/schedule.ts";
import type { Subspace } from "../../../optimizer/subspace.ts";
import type { Curvature } from "../../../optimizer/types.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import type { Node } from "../../../tensor/node.ts";
import {
  add,
  broadcast,
  cast,
  compare,
  div,
  floor,
  iota,
  matmul,
  mul,
  norm,
  reshape,
  select,
  sqrt,
  square,
  sub,
  sum,
  transpose,
} from "../../../tensor/ops.ts";
import { restrict } from "../../arena.ts";
import { hyper, remember, report, type Scope } from "../../scope.ts";
import { productsOf } from "../sample.ts";
import { along, combination } from "./directions.ts";
import { withoutNoise } from "./noise.ts";
import type { Frame, SampleRule } from "./rule.ts";
import { ofStructure, turningOf } from "./turning.ts";

/** The newest vector over its length, and 0 for 0: one row. */
function newest(v: Node, scope: Scope): Node {
  const previous = remember(scope, ofStructure("previous"), [1, v.shape[0]!], 0);
  previous.become(reshape(v, previous.old.shape));
  const squared = sum(square(previous.old));
  const some = compare("gt", squared, 0);
  return select(some, div(previous.old, sqrt(select(some, squared, 1))), 0);
}

/** The leading principal components of all v so far, once it is known which basis this step has. */
function leading(rank: number, decay: Hyper, v: Node, scope: Scope) {
  const shape = [rank, v.shape[0]!];
  const sketch = remember(scope, ofStructure("sketch"), shape, 0);
  return {
    components: transpose(orthonormalize(transpose(sketch.old)).q),
    follow: (basis: Node) => {
      const beta = hyper(scope, ofStructure("decay"), decay);
      const turn = sub(scope.clock, mul(rank, floor(div(scope.clock, rank))));
      const own = select(compare("eq", cast(iota([rank], 0), "f32"), turn), norm(v), 0);
      const empty = compare("eq", sum(square(basis), [1]), 0);
      const parts = select(empty, own, along(basis, v));
      const seen = mul(broadcast(parts, shape, [0]), broadcast(v, shape, [1]));
      sketch.become(add(mul(beta, sketch.old), mul(sub(1, beta), seen)));
    },
  };
}

/** The directions at this step, and what they are to be at the next one. */
function frameOf(structure: Subspace, stage: Curvature, u: Node, scope: Scope): Frame {
  const { directions, along: onto, rest, turn, decay } = structure;
  const n = u.shape[0]!,
    rank = Math.min(structure.rank, n),
    at = (name: string) => joinPath(scope.path, "structure", name);
  const theta = restrict(scope.problem.theta, scope.problem.arena, scope.space);
  const turning = turningOf(structure, stage, scope);
  const atTurns = (name: string, shape = [rank, n]) => turning.remember(ofStructure(name), shape);

  const v = scope.apply(directions, u, at("directions"), scope);
  const followed = decay === undefined ? undefined : leading(rank, decay, v, scope);
  const fresh = followed?.components ?? newest(v, scope);
  const kept = atTurns("basis"), next = turn === "rebuild" ? atTurns("next") : undefined;
  const nextMade = next?.become(fresh);
  const made = kept.become(next?.old ?? fresh);
  const rotation = turn === "project"
    ? atTurns("rotation", [rank, rank]).become(matmul(made, transpose(kept.old)))
    : undefined;
  const basis = turning.settled(made);
  const nextBasis = nextMade && turning.settled(nextMade);
  followed?.follow(nextBasis ?? basis);

  const centre = turn === "recentre" ? atTurns("centre", [n]) : undefined;
  const shift = centre && along(kept.old, sub(theta, centre.old));
  const origin = centre?.become(theta);
  return {
    basis,
    place: origin === undefined ? theta : sub(theta, origin),
    theta,
    turning,
    ...(nextBasis === undefined ? {} : { next: nextBasis }),
    ...(shift === undefined ? {} : { shift }),
    ...(rotation === undefined ? {} : { rotation }),
    operator: (spectrum, vectors) => ({
      coordinates: (x) => {
        const parts = along(basis, x);
        return vectors === undefined ? parts : apply(transpose(vectors), parts);
      },
      vector: (d) => combination(basis, vectors === undefined ? d : apply(vectors, d)),
      spectrum,
    }),
    finish: (step, { coordinates, vector }, left) => {
      const off = sub(u, vector(select(left, 0, coordinates(u))));
      return add(
        scope.apply(onto, step, at("along"), scope),
        scope.apply(rest, off, at("rest"), scope),
      );
    },
  };
}

/** V M Vᵀ of a sample M. */
export const subspaceRule: SampleRule<"subspace"> = {
  frame: frameOf,
  statistic: (_, { rows, times }, scope, frame) => {
    const { basis } = frame!;
    if (rows !== undefined) {
      const parts = matmul(basis, transpose(rows()));
      return matmul(parts, transpose(parts));
    }
    if (times === undefined) {
      report(scope, "need", "samples that are known by their diagonal", "products with a vector");
      return undefined;
    }
    return matmul(basis, transpose(productsOf(times, basis)));
  },
  identity: (_, _scope, frame) => matmul(frame!.basis, transpose(frame!.basis)),
  operator: (_, statistic, { spectrum, factor, stage: { solver } }, _scope, frame) => {
    if (statistic.shape[0] === 1) return frame!.operator(spectrum(reshape(statistic, [1])));
    const symmetric = mul(0.5, add(statistic, transpose(statistic)));
    const eigen = symmetricEigen(
      symmetric,
      solver?.kind === "eigen" ? { sweeps: solver.sweeps } : {},
    );
    return frame!.operator(
      spectrum(withoutNoise(factor("values", eigen.values)), { signed: true }),
      factor("vectors", eigen.vectors),
    );
  },
};
