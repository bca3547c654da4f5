/**
 * Telemetry: what a step tells of itself besides its loss, as records.
 *
 * @module
 */
import { flowEnds } from "../optimizer/flow_ends.ts";
import {
  type CountName,
  type Reduction,
  type TelemetryName,
  telemetryReductions,
} from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { joinPath } from "../optimizer/walk.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  compare,
  constant,
  div,
  max,
  mul,
  select,
  sqrt,
  square,
  sub,
  sum,
} from "../tensor/ops.ts";
import type { Problem } from "./problem.ts";
import { record, regionOf, type Scope } from "./scope.ts";

/** A step that is done, as far as telemetry sees it. */
interface Told {
  readonly scope: Scope;
  /** L. */
  readonly bound: Node;
  /** One of the sums over all parameters that the names take. */
  readonly sum: (of: Reduction) => Node;
  /** The learning rate of each end of the flow, by place. */
  readonly rates: ReadonlyMap<string, Node>;
}

/** a/b, and 0 where b ≤ 0; NaN stays NaN. */
function quotient(a: Node, b: Node): Node {
  const none = compare("le", b, 0);
  return select(none, 0, div(a, select(none, 1, b)));
}

/** The terms of each sum over the parameters. */
const TERMS: { readonly [R in Reduction]: (u: Node, problem: Problem) => Node } = {
  "gᵀg": (_, { gradient }) => square(gradient),
  "uᵀu": (u) => square(u),
  "gᵀu": (u, { gradient }) => mul(gradient, u),
  "uᵀHu": (u, problem) => mul(u, problem.hessianTimes(u, problem.arena)),
};

function sumsOf(of: readonly Reduction[], u: Node, { problem }: Scope): Told["sum"] {
  const sums = new Map(of.map((one) => [one, sum(TERMS[one](u, problem))]));
  return (one) => sums.get(one)!;
}

/** The sum of the records of that name over all transforms. */
const total = (name: CountName) => ({ scope }: Told): Node =>
  regionOf(scope).assign
    .filter(({ slot }) => slot.startsWith("record/") && slot.endsWith(`/${name}`))
    .map(({ value }) => value)
    .reduce((sum, value) => add(sum, value), constant(0));

const RULES: { readonly [N in TelemetryName]: (told: Told) => Node } = {
  loss: ({ scope }) => scope.problem.loss,
  gradientNorm: ({ sum }) => sqrt(sum("gᵀg")),
  updateNorm: ({ sum }) => sqrt(sum("uᵀu")),
  cosine: ({ sum }) => quotient(sum("gᵀu"), mul(sqrt(sum("gᵀg")), sqrt(sum("uᵀu")))),
  learningRate: ({ rates }) => [...rates.values()].reduce((a, b) => max(a, b)),
  equivalentAlpha: ({ sum, scope, bound }) => quotient(sum("gᵀu"), sub(scope.problem.loss, bound)),
  equivalentLearningRate: ({ sum }) => quotient(sum("gᵀu"), sum("gᵀg")),
  directionalSharpness: ({ sum }) => sum("uᵀHu"),
  normalizedSharpness: ({ sum }) => quotient(sum("uᵀHu"), sum("uᵀu")),
  clipped: total("clipped"),
  capped: total("capped"),
  noStep: total("noStep"),
  skipped: total("skipped"),
  dropped: total("dropped"),
  rejected: total("rejected"),
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
    bound: collector.bounds[0] ?? constant(problem.lowerBound),
    sum: sumsOf(telemetryReductions(names), u, scope),
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
