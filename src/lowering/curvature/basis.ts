/**
 * A basis that follows the samples: the eigenbasis of another structure, as it was before the step.
 *
 * @module
 */
import { batched } from "../../linalg/batched.ts";
import { orderedEigenvectors, orthogonalIteration } from "../../linalg/orthogonal_iteration.ts";
import type { OrthogonalIterationSolver } from "../../optimizer/solver.ts";
import type { EigenbasisOf } from "../../optimizer/structure.ts";
import type { Curvature } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { compare, max, select, sub } from "../../tensor/ops.ts";
import { both, everyNth, evolve, remember, type Scope, settled } from "../scope.ts";
import { accumulate } from "./iterative.ts";
import type { Basis } from "./operator.ts";
import { type Sample, sampleOfVector } from "./sample.ts";
import type { BasisOf, SampleRule } from "./structure/rule.ts";
import { sampleRuleOf } from "./structure/rules.ts";

/** A function of a matrix and others like it, at each of a stack where there is one. */
function each(f: (...of: readonly Node[]) => Node, of: readonly Node[]): Node {
  return of[0]!.shape.length === 2 ? f(...of) : batched((...one) => [f(...one)], of)[0]!;
}

/** So long after the first step that it is the only one. */
const ONCE = 2 ** 30;

/**
 * A basis that is iterated is made of the one before it, and the first of nothing. That is too much work to do again at
 * every refresh and throw away, so that it has a region of its own, which is left after the first step.
 */
function iterated(
  { steps }: OrthogonalIterationSolver,
  name: string,
  matrix: Node,
  scope: Scope,
  refreshing: Scope,
): Node {
  const first = compare("eq", scope.clock, 0);
  const begin = () => each((a) => orderedEigenvectors(a!), [matrix]);
  const next = (basis: Node) => each((a, q) => orthogonalIteration(a!, q!, steps), [matrix, basis]);
  const turned = remember(refreshing, name, matrix.shape, 0);
  if (scope.ownPace) {
    turned.become(select(first, begin(), next(turned.old)));
    return turned.old;
  }
  const beginning: Scope = { ...everyNth(scope, ONCE), phase: refreshing.phase };
  const begun = settled(remember(beginning, name, matrix.shape, 0).become(begin()), beginning);
  turned.become(select(first, begun, next(begun)));
  return turned.old;
}

/** Keeps a basis for each matrix, and gives it as it was when the step began. */
function keeping({ solver, every }: Curvature, scope: Scope): BasisOf {
  const refreshing: Scope = { ...everyNth(scope, every.factor), phase: "factor" };
  const sweeps = solver?.kind === "eigen" ? { sweeps: solver.sweeps } : {};
  return (what, matrix) => {
    const name = joinPath("factor", what);
    if (solver?.kind === "orthogonalIteration") {
      return iterated(solver, name, matrix, scope, refreshing);
    }
    const next = () => each((a) => orderedEigenvectors(a!, sweeps), [matrix]);
    return evolve(refreshing, name, matrix.shape, 0, next).old;
  };
}

/** What becomes of a sample of the stage in another structure, and the basis that this has; undefined where it has none. */
export function eigenbasis(
  { structure, iterative }: EigenbasisOf,
  stage: Curvature,
  sample: Sample,
  stageScope: Scope,
): Basis | undefined {
  const scope: Scope = { ...stageScope, path: joinPath(stageScope.path, "structure/basis") };
  const rule: SampleRule<EigenbasisOf["structure"]["kind"]> = sampleRuleOf(structure);
  const value = rule.statistic(structure, sample, scope);
  if (value === undefined) return undefined;
  const statistic = accumulate(iterative, {
    value,
    identity: rule.identity(structure, scope),
    ofVector: (s) => rule.statistic(structure, sampleOfVector(s), scope)!,
  }, scope);
  return rule.basis?.(structure, statistic, keeping(stage, scope), scope);
}

/** The scope of what begins a step after the transform itself. */
export function aStepLater(scope: Scope): Scope {
  const gate = both(scope.gate, compare("gt", scope.clock, 0));
  return { ...scope, gate, ownPace: true, clock: max(0, sub(scope.clock, 1)) };
}
