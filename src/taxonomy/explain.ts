/**
 * An optimizer in words: what it does, where it stands, what it remembers, asks for and costs.
 *
 * @module
 */

import * as E from "fp-ts/lib/Either.js";
import { failure } from "../errors.ts";
import { refuse, unknownOptions, whole } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { described } from "../optimizer/codec.ts";
import { hyperparametersOf } from "../optimizer/hyperparameters.ts";
import { COST_IN_GRADIENTS, type Need, needsOf, type Provision } from "../optimizer/needs.ts";
import type { Hyper } from "../optimizer/schedule.ts";
import type { StructureKind } from "../optimizer/structure.ts";
import {
  checkTelemetry,
  TELEMETRY,
  type TelemetryName,
  telemetryNeeds,
  telemetryReductions,
} from "../optimizer/telemetry.ts";
import type { Chain, Curvature, Optimizer, OptimizerKind } from "../optimizer/types.ts";
import { branchesOf, pathAt, sites } from "../optimizer/walk.ts";
import { classify, type Row, stagesOf } from "./classify.ts";
import { formula, showHyper } from "./formulas.ts";
import { solverWork } from "./solver_work.ts";
import { type StateSlot, stateSlots } from "./state.ts";

const PROVISIONS: { readonly [P in Provision]: string } = {
  loss: "the loss at θ",
  hessianVector: "Hessian-vector product",
  gaussNewtonVector: "Gauss–Newton-vector product",
  sampledLabels: "gradient under sampled labels",
  drawnLabels: "set of sampled labels",
  perExampleGradients: "set of per-example gradients",
  exampleProducts: "product with per-example gradients",
  layerFactors: "set of layers' factors",
  gradientElsewhere: "gradient elsewhere",
  lossElsewhere: "loss elsewhere, at most",
  slopeElsewhere: "loss and slope elsewhere, at most",
};

/** Gradients a step: a number, and one for each parameter. */
interface Cost {
  readonly fixed: number;
  readonly perParameter: number;
}

function costOf(optimizer: Optimizer, telemetry: readonly TelemetryName[]): Cost {
  const asked = [...needsOf(optimizer), ...telemetryNeeds(telemetry)];
  const total = (some: readonly Need[]) =>
    some.reduce((sum, { what, every, count }) => sum + COST_IN_GRADIENTS[what] * count / every, 0);
  return {
    fixed: 1 + total(asked.filter(({ each }) => each === undefined)),
    perParameter: total(asked.filter(({ each }) => each !== undefined)),
  };
}

/** The names of telemetry, or what is wrong with them thrown. */
function known(names: readonly TelemetryName[]): readonly TelemetryName[] {
  const checked = checkTelemetry(names);
  if (E.isLeft(checked)) throw checked.left;
  return checked.right;
}

/**
 * Gradients a step: the one that every step takes, and what needs and telemetry cost on top.
 *
 * The costs of what is asked of the objective are ratios that were measured on the MNIST CNN; what happens at every k-th
 * step counts for a k-th. What solvers do is not in it.
 *
 * @param given What takes the step.
 * @param telemetry What is recorded, default nothing.
 * @param parameters How many parameters there are, for stages that store a matrix of them: each takes a product. Where a
 * stage sees a part of them the cost is at most this.
 * @throws {SteepestError} `description` for what is no optimizer, unknown names of telemetry, and where `parameters` is
 * needed and not given.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, costInGradients, newton } from "@steepest/steepest";
 *
 * assert.equal(costInGradients(adam()), 1);
 * assert.equal(costInGradients(adam(), ["normalizedSharpness"]), 2.9);
 * assert.equal(costInGradients(newton({ every: 10 }), [], 50), 1 + 1.9 * 50 / 10);
 * ```
 */
export function costInGradients(
  given: Optimizer,
  telemetry: readonly TelemetryName[] = [],
  parameters?: number,
): number {
  const optimizer = described(given);
  const { fixed, perParameter } = costOf(optimizer, known(telemetry));
  const [isCount, count] = whole(1);
  if (parameters !== undefined && !isCount(parameters)) {
    throw failure("description", "parameters", show(parameters), count);
  }
  if (perParameter === 0) return fixed;
  if (parameters === undefined) {
    const path = needsOf(optimizer).find(({ each }) => each !== undefined)!.path;
    throw failure("description", path, "no number", "how many parameters there are");
  }
  return fixed + perParameter * parameters;
}

/** A number in a text. */
const short = (x: number): string => String(Number(x.toPrecision(4)));

/** The lines about what a step costs. */
function costs(optimizer: Optimizer, telemetry: readonly TelemetryName[]): readonly string[] {
  const { fixed, perParameter } = costOf(optimizer, telemetry);
  const products = perParameter === 0
    ? `${short(fixed)} gradients a step`
    : `${short(fixed)} + ${short(perParameter)}·n gradients a step, n the parameters of the stage`;
  return [
    products,
    ...solverWork(optimizer).map(({ path, what, every }) => `${path}: ${what}, ${often(every)}`),
  ];
}

const often = (every: number): string => every === 1 ? "every step" : `every ${every} steps`;

function need({ path, what, every, count, each }: Need): string {
  const times = each === undefined ? `${count}` : count === 1 ? "n" : `${count}n`;
  return `${path}: ${times} × ${PROVISIONS[what]}, ${often(every)}`;
}

/** What telemetry tells, and what it takes. */
function told(names: readonly TelemetryName[]): readonly string[] {
  const sums = telemetryReductions(names);
  const total = sums.length === 0
    ? "no sums over the parameters"
    : `${sums.length === 1 ? "one sum" : `${sums.length} sums`} over the parameters: ${
      sums.join(", ")
    }`;
  return [
    ...names.map((name) => {
      const { formula, reductions } = TELEMETRY[name];
      return `${name} = ${formula}${reductions.length > 0 ? ` (${reductions.join(", ")})` : ""}`;
    }),
    `${total}; ${4 * names.length} bytes of records a step`,
  ];
}

/** What {@link explain} tells besides the optimizer itself. */
export interface ExplainOptions {
  /**
   * What is to be recorded: its formulas, needs and costs are told too.
   *
   * @default nothing
   */
  readonly telemetry?: readonly TelemetryName[];
}

/** Whether a transform after a decay sees it as part of the gradient, or scales it, or leaves it as it is. */
const AFTER_DECAY: { readonly [K in OptimizerKind]: "models" | "scales" | "leaves" } = {
  identity: "leaves",
  zero: "leaves",
  chain: "models",
  add: "models",
  ema: "models",
  trace: "models",
  scale: "scales",
  difference: "models",
  weightDecay: "leaves",
  newtonRaphson: "models",
  graft: "models",
  trustRatio: "scales",
  scaleByParameterNorm: "scales",
  scaleByShape: "scales",
  gradientAt: "models",
  partition: "models",
  skipNonFinite: "models",
  distanceAdapted: "models",
  gainAdapted: "models",
  accumulate: "models",
  lookahead: "leaves",
  average: "leaves",
  scheduleFree: "scales",
  lineSearch: "scales",
  curvature: "models",
};

/** What the place of a decay in its chain makes of it. */
function coupling({ of }: Chain, index: number): string {
  const after = of.slice(index + 1).map(({ kind }) => AFTER_DECAY[kind]);
  if (after.includes("models")) return "an L2 penalty: what follows sees it";
  return after.includes("scales") ? "decoupled, times the rate" : "decoupled, without the rate";
}

/** One line a transform, indented by its depth. */
function lines(
  optimizer: Optimizer,
  place: string,
  depth: number,
  note: string,
): readonly string[] {
  const path = pathAt(optimizer, place);
  const inner = branchesOf(optimizer, path).filter(({ of }) => of.kind !== "identity");
  const self = optimizer.kind === "chain" && depth === 0
    ? []
    : [`${"  ".repeat(depth)}${path === "" ? "chain" : path}: ${formula(optimizer)}${note}`];
  const deeper = optimizer.kind === "chain" && depth === 0 ? 0 : depth + 1;
  return [
    ...self,
    ...inner.flatMap((branch, index) => {
      const noted = optimizer.kind === "chain" && branch.of.kind === "weightDecay"
        ? ` (${coupling(optimizer, index)})`
        : "";
      return lines(branch.of, branch.place, deeper, noted);
    }),
  ];
}

function row({ length, calculating, structure, iterative }: Row): string {
  const show = (text: string) => text === "" ? "–" : text;
  return `length ${show(length)} | calculating ${show(calculating)} | structure ${
    show(structure)
  } | iterative ${show(iterative)}`;
}

function section(title: string, body: readonly string[]): string {
  return `${title}\n${(body.length === 0 ? ["none"] : body).map((line) => `  ${line}`).join("\n")}`;
}

/** How a state slot is marked that is not as large as θ. */
const SIZES: { readonly [S in StateSlot["size"]]: string } = {
  parameters: "",
  factors: " (rows and columns)",
  scalar: " (scalar)",
  matrix: " (θ²)",
  axes: " (a matrix for each axis)",
  blocks: " (a matrix for each block)",
  layers: " (two matrices for each layer)",
};

function stateSize(state: readonly StateSlot[]): string {
  const count = (wanted: StateSlot["size"]) =>
    state.reduce((sum, { size, count = 1 }) => size === wanted ? sum + count : sum, 0);
  const factors = count("factors");
  return [
    `${count("parameters")} × θ`,
    ...(count("matrix") > 0 ? [`${count("matrix")} × θ²`] : []),
    ...(count("axes") > 0 ? [`${count("axes")} × a matrix for each axis`] : []),
    ...(count("blocks") > 0 ? [`${count("blocks")} × a matrix for each block`] : []),
    ...(count("layers") > 0 ? [`${count("layers")} × two matrices for each layer`] : []),
    ...(factors > 0 ? [`${factors} × rows and columns of θ`] : []),
    `${count("scalar")} scalars`,
  ].join(", ");
}

/** What is done where λ repeats, so that its eigenbasis is not one. */
const REPEATED: { readonly [K in StructureKind]?: string } = {
  scalar: "one λ has no eigenbasis of its own, so the coordinates are used",
  lowRank: "beside the pairs λ repeats, and the eigenbasis there has a vector along u",
};

/** What a reader should know of a stage. */
function remarksOn({ structure, length, calculating }: Curvature): readonly string[] {
  const repeated = REPEATED[structure.kind];
  const repeats = repeated !== undefined &&
    (length.kind === "eigenbasis" || length.kind === "eigenbasisClipped");
  const ratios = structure.kind === "subspace" && structure.rank > 1 &&
    calculating.kind === "gradientRegression" && calculating.estimate === "deviations";
  return [
    ...(repeats ? [repeated] : []),
    ...(ratios
      ? [
        "the roots of the ratios of covariances are |H| only where H is diagonal along the directions: " +
        "for independent θ they tend to √(H_iiH_jj), and a negative ratio has none (it counts as 0, and is told)",
      ]
      : []),
  ];
}

/** The remarks that a reader of the table needs, each derived from a stage. */
function remarks(optimizer: Optimizer): readonly string[] {
  return sites(optimizer).flatMap(({ optimizer: it, path }) =>
    it.kind === "curvature" ? remarksOn(it).map((remark) => `${path}: ${remark}`) : []
  );
}

/**
 * A text with the formulas, the row of Table 1, state, needs and their cost in gradients, and the hyperparameters.
 *
 * @throws {SteepestError} `description` for what is no optimizer, and for unknown names of telemetry.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { explain, sgd } from "@steepest/steepest";
 *
 * assert.match(explain(sgd()), /0 × θ/);
 * assert.match(explain(sgd(), { telemetry: ["directionalSharpness"] }), /2\.9 gradients a step/);
 * ```
 */
export function explain(given: Optimizer, options: ExplainOptions = {}): string {
  const optimizer = described(given);
  refuse(unknownOptions("explain", options, ["telemetry"]));
  const { telemetry: names = [] } = options;
  const telemetry = known(names);
  const state = stateSlots(optimizer);
  const stages = stagesOf(optimizer, "");
  const notes = remarks(optimizer);
  return [
    section(
      "Step (u starts as the gradient g, and θ ← θ − u ends it)",
      lines(optimizer, "", 0, ""),
    ),
    section("Table 1", [
      row(classify(optimizer)),
      ...(stages.length > 1 ? stages.map((one) => `${one.path}: ${row(one.row)}`) : []),
    ]),
    section(
      `State: ${stateSize(state)}`,
      state.map(({ path, size, count }) =>
        `${path}${SIZES[size]}${count === undefined ? "" : ` × ${count}`}`
      ),
    ),
    section(
      "Needs beyond the gradient",
      [...needsOf(optimizer), ...telemetryNeeds(telemetry)].map(need),
    ),
    section("Cost", costs(optimizer, telemetry)),
    ...(telemetry.length > 0 ? [section("Telemetry", told(telemetry))] : []),
    section(
      "Hyperparameters",
      hyperparametersOf(optimizer)
        .filter(({ kind }) => kind !== "structural")
        .map(({ path, kind, value }) => `${path} = ${showHyper(value as Hyper)} (${kind})`),
    ),
    ...(notes.length > 0 ? [section("Remarks", notes)] : []),
  ].join("\n");
}
