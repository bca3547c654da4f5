/**
 * optimizer × objective → step program.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { SteepestError } from "../errors.ts";
import type { Leaf } from "../objective/leaves.ts";
import { canonical } from "../optimizer/codec.ts";
import { applies } from "../optimizer/applies.ts";
import type { Predicate } from "../optimizer/predicate.ts";
import { misplaced } from "../optimizer/misplaced.ts";
import { checkTelemetry, type TelemetryName } from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { sites } from "../optimizer/walk.ts";
import type { Node } from "../tensor/node.ts";
import { cast, input, sub } from "../tensor/ops.ts";
import { simplify } from "../tensor/simplify.ts";
import { arenaOf } from "./arena.ts";
import { type AnyObjective, batchTensors, problemOf } from "./problem.ts";
import { PARAMETERS, type Region, SEED, type Slot, STEP, type StepProgram } from "./program.ts";
import { type Collector, type Phase, record, regionOf, report, type Scope } from "./scope.ts";
import { recordTelemetry } from "./telemetry.ts";
import { applyTransform } from "./transforms/rules.ts";

/** Options of {@link lower}. */
export interface LowerOptions {
  /** What is recorded at each step besides the loss. Default: nothing. */
  readonly telemetry?: readonly TelemetryName[];
}

/** The tensors of a batch: their slots, and their nodes by name. */
interface BatchSource {
  readonly slots: readonly Slot[];
  readonly node: (name: string) => Node;
}

/** A slot `batch/NAME` for each tensor of the batch of an objective. */
export function batchSlotsOf(objective: AnyObjective): BatchSource {
  const slots = Object.entries(batchTensors(objective)).map(([name, { shape, dtype }]): Slot => ({
    name: `batch/${name}`,
    role: "batch",
    shape,
    dtype,
    perReplica: true,
  }));
  const nodes = new Map(slots.map(({ name, shape, dtype }) => [name, input(name, shape, dtype)]));
  return { slots, node: (name) => nodes.get(`batch/${name}`)! };
}

/** The slots of θ and of the two clocks. */
export function commonSlots(size: number): readonly Slot[] {
  return [
    { name: PARAMETERS, role: "parameters", shape: [size], dtype: "f32", perReplica: true },
    { name: STEP, role: "clock", shape: [], dtype: "u32", initial: 0, perReplica: false },
    { name: SEED, role: "clock", shape: [], dtype: "u32", initial: 0, perReplica: true },
  ];
}

/** Every predicate of an optimizer: parameters that the same ones match are laid side by side. */
function predicatesOf(optimizer: Optimizer): readonly Predicate[] {
  return sites(optimizer).flatMap(({ optimizer: it }) =>
    it.kind === "partition"
      ? it.parts.map(({ where }) => where)
      : it.kind === "weightDecay"
      ? [it.mask]
      : []
  );
}

/** The same assignments with simplified values: what is shared stays shared. */
function simplified(regions: readonly Region[]): readonly Region[] {
  const values = simplify(regions.flatMap(({ assign }) => assign.map(({ value }) => value)));
  let next = 0;
  return regions.map((region) => ({
    ...region,
    assign: region.assign.map(({ slot }) => ({ slot, value: values[next++]! })),
  }));
}

/** The order in which the regions between the two straight ones run. */
const PHASES: readonly Phase[] = ["sample", "factor"];

/** Within a phase long periods come first, so that each sees the state of those that it builds on. */
function regionsOf({ regions }: Collector, first: readonly string[]): readonly Region[] {
  const region = (period: number, assign: Region["assign"]): Region => ({
    kind: period === 1 ? "straight" : "every",
    period,
    offset: 0,
    assign,
  });
  const all = [...regions.values()];
  const straight = all.find(({ period }) => period === 1)?.assign ?? [];
  const between = all.filter(({ period }) => period > 1).sort((a, b) =>
    PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) || b.period - a.period
  );
  if (between.length === 0) return [region(1, straight)];
  return [
    region(1, straight.filter(({ slot }) => first.includes(slot))),
    ...between.map(({ period, assign }) => region(period, assign)),
    region(1, straight.filter(({ slot }) => !first.includes(slot))),
  ];
}

function failureOf({ issues }: Collector): SteepestError | undefined {
  const kind = issues[0]?.kind;
  return kind === undefined ? undefined : new SteepestError(kind, issues.map(({ issue }) => issue));
}

/**
 * The step program of an optimizer on an objective: θ ← θ − u, with the training loss f(θ_k) before
 * the step in `record/loss`.
 *
 * Left: every problem at once, each with the path of the transform that has it. A {@link SteepestError}
 * of kind `need` (the objective cannot give what is asked) or `description` (a mask that matches
 * nothing, a description that is none, or an unknown name of telemetry).
 */
export function lower(
  objective: AnyObjective,
  given: Optimizer,
  options: LowerOptions = {},
): E.Either<SteepestError, StepProgram> {
  const valid = canonical(given);
  if (E.isLeft(valid)) return valid;
  const optimizer = valid.right;
  const telemetry = checkTelemetry(options.telemetry ?? []);
  if (E.isLeft(telemetry)) return telemetry;
  const predicates = predicatesOf(optimizer);
  const group = (leaf: Leaf) => predicates.map((p) => applies(p, leaf) ? "1" : "0").join("");
  const arena = arenaOf(objective.leaves, group);
  const batch = batchSlotsOf(objective);
  const problem = problemOf(objective, arena, batch.node);
  const collector: Collector = {
    slots: new Map([...commonSlots(arena.size), ...batch.slots].map((s) => [s.name, s])),
    regions: new Map(),
    hypers: new Map(),
    places: new Set(),
    factors: new Map(),
    bounds: [],
    evaluation: [],
    issues: [],
  };
  const scope: Scope = {
    problem,
    space: arena,
    path: "",
    clock: cast(problem.step, "f32"),
    period: 1,
    signals: new Map([["loss", problem.loss]]),
    phase: "sample",
    ownPace: false,
    collector,
    apply: applyTransform,
  };
  record(scope, "loss", problem.loss);
  const u = applyTransform(optimizer, problem.gradient, "", scope);
  for (const path of misplaced(optimizer)) {
    report(
      { ...scope, path },
      "description",
      "a transform that reads θ − u as the next parameters",
      "a place at the end of the flow, with only such transforms after it",
    );
  }
  const fault = failureOf(collector);
  if (fault !== undefined) return E.left(fault);
  recordTelemetry(telemetry.right, optimizer, u, scope);
  regionOf(scope).assign.push({ slot: PARAMETERS, value: sub(problem.theta, u) });
  return E.right({
    arena,
    slots: [...collector.slots.values()],
    regions: simplified(regionsOf(collector, ["record/loss"])),
    evaluation: collector.evaluation,
  });
}
