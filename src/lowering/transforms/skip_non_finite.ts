/**
 * Lowering of `skipNonFinite`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, binary, cast, compare, select, sum, unary } from "../../tensor/ops.ts";
import { both, evolve, record, type Scope } from "../scope.ts";

/** Where the loss or an element of u is not finite the step is 0 and no state inside moves. */
export function skipNonFiniteRule(
  { of }: TransformOf<"skipNonFinite">,
  u: Node,
  scope: Scope,
): Node {
  const broken = sum(cast(unary("not", unary("isFinite", u)), "f32"));
  const finite = binary(
    "and",
    unary("isFinite", scope.problem.loss),
    compare("eq", broken, 0),
  );
  record(scope, "skipped", unary("not", finite));
  const inside: Scope = { ...scope, gate: both(scope.gate, finite) };
  const clock = evolve(inside, "count", [], 0, (old) => add(old, 1)).old;
  const out = scope.apply(of, u, scope.path, { ...inside, clock });
  return select(finite, out, 0);
}
