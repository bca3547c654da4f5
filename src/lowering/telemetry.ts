/**
 * Telemetry: what a step tells of itself besides its loss, as records.
 *
 * @module
 */
import { flowEnds } from "../optimizer/flow_ends.ts";
import type { CountName, TelemetryName } from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { joinPath } from "../optimizer/walk.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  compare,
  constant,
  div,
  dot,
  max,
  mul,
  norm,
  select,
  square,
  sub,
  sum,
} from "../tensor/ops.ts";
import { record, type Scope } from "./scope.ts";

/** A step that is done, as far as telemetry sees it. */
interface Told {
  readonly scope: Scope;
  readonly g: Node;
  readonly u: Node;
  /** L. */
  readonly bound: Node;
  /** uᵀHu. */
  readonly sharpness: () => Node;
  /** The learning rate of each end of the flow, by place. */
  readonly rates: ReadonlyMap<string, Node>;
}

/** a/b, and 0 where b ≤ 0; NaN stays NaN. */
function quotient(a: Node, b: Node): Node {
  const none = compare("le", b, 0);
  return select(none, 0, div(a, select(none, 1, b)));
}

/** The sum of the records of that name over all transforms. */
const total = (name: CountName) => ({ scope }: Told): Node =>
  (scope.collector.assignments.get(1) ?? [])
    .filter(({ slot }) => slot.startsWith("record/") && slot.endsWith(`/${name}`))
    .map(({ value }) => value)
    .reduce((sum, value) => add(sum, value), constant(0));

const RULES: { readonly [N in TelemetryName]: (told: Told) => Node } = {
  loss: ({ scope }) => scope.problem.loss,
  gradientNorm: ({ g }) => norm(g),
  updateNorm: ({ u }) => norm(u),
  cosine: ({ g, u }) => quotient(dot(g, u), mul(norm(g), norm(u))),
  learningRate: ({ rates }) => [...rates.values()].reduce((a, b) => max(a, b)),
  equivalentAlpha: ({ g, u, scope, bound }) => quotient(dot(g, u), sub(scope.problem.loss, bound)),
  equivalentLearningRate: ({ g, u }) => quotient(dot(g, u), sum(square(g))),
  directionalSharpness: ({ sharpness }) => sharpness(),
  normalizedSharpness: ({ u, sharpness }) => quotient(sharpness(), sum(square(u))),
  clipped: total("clipped"),
  capped: total("capped"),
  noStep: total("noStep"),
  skipped: total("skipped"),
  dropped: total("dropped"),
};

function ratesOf(optimizer: Optimizer, scope: Scope): ReadonlyMap<string, Node> {
  const { factors, places } = scope.collector;
  // A part of a partition that no parameter goes to is no end.
  const ends = flowEnds(optimizer).filter(({ place }) => places.has(place));
  return new Map(
    ends.map((end) => [
      end.place,
      end.factors.map((path) => factors.get(path)!).reduce((a, b) => mul(a, b), constant(1)),
    ]),
  );
}

/** Records what was asked for, once the update of the whole step is known. */
export function recordTelemetry(
  names: readonly TelemetryName[],
  optimizer: Optimizer,
  u: Node,
  scope: Scope,
): void {
  const { problem, collector } = scope;
  const told: Told = {
    scope,
    g: problem.gradient,
    u,
    bound: collector.bounds[0] ?? constant(problem.lowerBound),
    sharpness: () => dot(u, problem.hessianTimes(u, problem.arena)),
    rates: ratesOf(optimizer, scope),
  };
  // The loss is recorded in any case.
  const values = names.filter((name) => name !== "loss").map((name) =>
    [name, RULES[name](told)] as const
  );
  for (const [name, value] of values) record(scope, name, value);
  if (!names.includes("learningRate") || told.rates.size === 1) return;
  for (const [place, rate] of told.rates) record(scope, joinPath(place, "learningRate"), rate);
}
