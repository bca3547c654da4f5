/**
 * One direction that follows the gradients.
 *
 * @module
 */
import type { Subspace } from "../../../optimizer/structure.ts";
import type { Curvature } from "../../../optimizer/types.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import type { Node } from "../../../tensor/node.ts";
import {
  add,
  binary,
  compare,
  constant,
  div,
  floor,
  mul,
  select,
  sqrt,
  square,
  sub,
  sum,
} from "../../../tensor/ops.ts";
import { restrict } from "../../arena.ts";
import { hyperSlot, remember, report, type Scope } from "../../scope.ts";
import type { Operator } from "../operator.ts";
import type { Spectrum } from "../spectrum.ts";
import type { Frame, SampleRule } from "./rule.ts";

const dot = (a: Node, b: Node): Node => sum(mul(a, b));

/** v/‖v‖, and 0 for 0. */
function normalised(v: Node): Node {
  const squared = sum(square(v));
  const some = compare("gt", squared, 0);
  return select(some, div(v, sqrt(select(some, squared, 1))), 0);
}

/** Whether this step begins with another direction. */
function turning({ turn }: Subspace, { warmup, every }: Curvature, scope: Scope): Node {
  const steps = warmup === undefined ? constant(0) : hyperSlot(scope, "warmup/steps", warmup.steps);
  const first = compare("eq", scope.clock, floor(div(steps, 2)));
  const since = sub(scope.clock, turn === "keep" ? add(steps, 1) : steps);
  const turns = div(since, every.factor);
  const again = binary("and", compare("ge", since, 0), compare("eq", turns, floor(turns)));
  return binary("or", first, again);
}

/** The line at this step, and what it is to be at the next one. */
function frameOf(structure: Subspace, stage: Curvature, u: Node, scope: Scope): Frame {
  const { directions, along, rest, turn } = structure;
  const at = (name: string) => joinPath(scope.path, "structure", name);
  const inside: Scope = { ...scope, path: at("") };
  const vector = (name: string) => remember(inside, name, u.shape, 0);
  const theta = restrict(scope.problem.theta, scope.problem.arena, scope.space);
  const turns = turning(structure, stage, scope);

  const previous = vector("previous"), kept = vector("basis");
  previous.become(scope.apply(directions, u, at("directions"), scope));
  const fresh = normalised(previous.old);
  const next = turn === "rebuild" ? vector("next") : undefined;
  const nextBasis = next?.become(select(turns, fresh, next.old));
  const basis = kept.become(select(turns, next?.old ?? fresh, kept.old));
  const centre = turn === "recentre" ? vector("centre") : undefined;
  const shift = centre && select(turns, dot(sub(theta, centre.old), kept.old), 0);
  const origin = centre?.become(select(turns, theta, centre.old));
  const place = origin === undefined ? theta : sub(theta, origin);

  const coordinate = (x: Node) => dot(basis, x);
  return {
    basis,
    position: coordinate(place),
    turns,
    ...(nextBasis === undefined ? {} : { next: nextBasis, nextPosition: dot(nextBasis, place) }),
    ...(shift === undefined ? {} : { shift }),
    operator: (spectrum: Spectrum): Operator => ({
      coordinates: coordinate,
      vector: (d) => mul(d, basis),
      spectrum,
    }),
    finish: (step) => {
      const off = sub(u, mul(coordinate(u), basis));
      return add(
        scope.apply(along, step, at("along"), scope),
        scope.apply(rest, off, at("rest"), scope),
      );
    },
  };
}

/** One λ along one direction. */
export const subspaceRule: SampleRule<"subspace"> = {
  frame: frameOf,
  statistic: (_, { times }, scope, frame) => {
    if (times === undefined) {
      report(scope, "need", "samples that are known by their diagonal", "products with a vector");
      return undefined;
    }
    const { basis } = frame!;
    return dot(basis, times(basis));
  },
  identity: (_, _scope, frame) => dot(frame!.basis, frame!.basis),
  operator: (_, statistic, { spectrum }, _scope, frame) => frame!.operator(spectrum(statistic)),
};
