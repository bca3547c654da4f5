/**
 * Objectives: parameters, batch, and how a loss is built from them.
 *
 * @module
 */
import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import {
  ANYTHING,
  FUNCTION,
  isRecord,
  optionIssues,
  RECORD,
  type Rules,
} from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { checkTensors, isTensor } from "../tensor/check.ts";
import { makeMode, type Mode } from "../nn/mode.ts";
import type { Parameters, Tensors, Values } from "../nn/parameters.ts";
import type { Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { batchSlots, type BatchSpecification, type Slots, type TensorSlot } from "./batch.ts";
import { type Leaf, leavesOf, nest, nestValues } from "./leaves.ts";
import { type CustomLikelihood, type Likelihood, likelihoodOf } from "./likelihood.ts";

/** The tensors of the batch `B` as nodes of the graph. */
export type BatchOf<B> = { readonly [K in keyof B]: Node };

/** The graph of an objective at given parameters and batch. */
export interface Instance {
  /** The scalar to minimise. */
  readonly loss: Node;
  /** What the model puts out, where the objective has a likelihood. */
  readonly outputs?: Node;
  /** How likely the labels are under the outputs, where the objective says so. */
  readonly likelihood?: Likelihood;
}

/** Builds the graph of an objective; see {@link instantiate}. */
export type Build = (
  parameters: (path: string) => Node,
  batch: (name: string) => Node,
  mode: Mode,
) => Instance;

/** A function to minimise. Build one with {@link objective}. */
export interface Objective<P = Parameters, B = BatchSpecification> {
  /** The parameters as they were given. */
  readonly parameters: P;
  /** The parameter tensors in the order they were written. */
  readonly leaves: readonly Leaf[];
  /** The tensors of a batch. */
  readonly batch: Slots<B>;
  /** The least value that the loss can take, where it was given. */
  readonly lowerBound?: number;
  /** How likely the labels are under the outputs, where it was given. */
  readonly likelihood?: Likelihood;
  /** The tensor of the batch that holds classes, and how many classes there are. */
  readonly labels?: { readonly name: string; readonly below: number };
  /** Builds the graph at given parameters and batch. */
  readonly build: Build;
}

/** What every description of an {@link objective} says. */
export interface ObjectiveDescription<P, B> {
  /** How each parameter starts, by name: numbers, nested arrays or initializers, nested at will. */
  readonly parameters: P;
  /**
   * The tensors that change from step to step, by name.
   *
   * @default none
   */
  readonly batch?: B;
  /**
   * The least value that the loss can take, in units of the loss.
   *
   * @default unknown
   */
  readonly lowerBound?: number;
}

/** An objective that is a loss and nothing else. */
export interface LossDescription<P, B> extends ObjectiveDescription<P, B> {
  /** Builds the scalar loss. */
  readonly loss: (parameters: Tensors<P>, batch: BatchOf<B>, mode: Mode) => Node;
}

/** An objective that says what the model puts out and how likely the labels then are. */
export interface LikelihoodDescription<P, B> extends ObjectiveDescription<P, B> {
  /** The tensors of a batch by name, the label among them. */
  readonly batch: B;
  /** Builds the outputs [N, …]. */
  readonly outputs: (parameters: Tensors<P>, batch: BatchOf<B>, mode: Mode) => Node;
  /** How likely the labels are under the outputs: its mean over the batch is the loss. */
  readonly likelihood: Likelihood | CustomLikelihood;
}

type Builder<P, B> = (parameters: Tensors<P>, batch: BatchOf<B>, mode: Mode) => Node;

function buildOf<P extends Parameters, B>(
  parameters: P,
  slots: Slots<B>,
  builder: Builder<P, B>,
  likelihood: Likelihood | undefined,
): Build {
  return (parameterAt, batchAt, mode) => {
    const tensors = nest(parameters, parameterAt) as Tensors<P>;
    const batch = Object.fromEntries(Object.keys(slots).map((name) => [name, batchAt(name)]));
    const built = builder(tensors, batch as BatchOf<B>, mode);
    if (likelihood === undefined) return { loss: built };
    checkTensors("outputs", built);
    return { loss: likelihood.loss(built, batch), outputs: built, likelihood };
  };
}

type Labels = NonNullable<Objective["labels"]>;

function labelsOf({ outputs, likelihood }: Instance): Labels | undefined {
  if (outputs === undefined || likelihood?.label === undefined) return undefined;
  const below = likelihood.classes?.(outputs);
  return below === undefined ? undefined : { name: likelihood.label.name, below };
}

/** Builds once with stand-ins, so that a mistake is found where the objective is written. */
function tryBuild(
  build: Build,
  leaves: readonly Leaf[],
  slots: Readonly<Record<string, TensorSlot>>,
): { readonly issues: readonly Issue[]; readonly labels?: Labels | undefined } {
  const shapes = new Map(leaves.map((leaf) => [leaf.path, leaf.shape]));
  const mode = makeMode(true, input("seed", [], "u32"), input("step", [], "u32"));
  try {
    const instance = build(
      (path) => input(`parameters/${path}`, shapes.get(path)!),
      (name) => input(`batch/${name}`, slots[name]!.shape, slots[name]!.dtype),
      mode,
    );
    const { loss } = instance;
    if (!isTensor(loss)) {
      return { issues: [issue("loss", show(loss), "a node of the graph")] };
    }
    const issues = loss.shape.length === 0 && loss.dtype === "f32"
      ? []
      : [issue("loss", `${loss.dtype} [${loss.shape.join(", ")}]`, "an f32 scalar")];
    return { issues, labels: labelsOf(instance) };
  } catch (error) {
    if (error instanceof SteepestError) return { issues: error.issues };
    throw error;
  }
}

const DESCRIPTION: Rules<
  LossDescription<unknown, unknown> & LikelihoodDescription<unknown, unknown>
> = {
  parameters: ANYTHING,
  batch: RECORD,
  lowerBound: [Number.isFinite, "a finite number"],
  loss: FUNCTION,
  outputs: FUNCTION,
  likelihood: ANYTHING,
};

/**
 * A function to minimise.
 *
 * `parameters` are numbers, nested arrays or initializers, nested in objects at will. `batch` names
 * the tensors that change from step to step, by shape (`x: [40, 5]`), with `u32([40])` for integers;
 * the label of `categorical` is u32 without saying so. Then either `loss`, which builds a scalar, or
 * `outputs` and `likelihood`, from which Fisher and Gauss–Newton products can be made too.
 *
 * @throws SteepestError `description` with every problem of the parameters and batch; `shape` with
 * those of the loss.
 *
 * @example
 * ```ts
 * import { add, mul, objective, square, sub } from "@steepest/steepest";
 *
 * const rosenbrock = objective({
 *   parameters: { x: -3, y: -4 },
 *   loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
 * });
 * const paths = rosenbrock.leaves.map((leaf) => leaf.path);
 * if (paths.join() !== "x,y") throw new Error("not as expected");
 * ```
 */
export function objective<
  P extends Parameters,
  B extends BatchSpecification = Record<never, never>,
>(description: LossDescription<P, B>): Objective<P, B>;
/**
 * A function to minimise that is the mean loss of a likelihood: from its outputs the Fisher and
 * Gauss–Newton products can be made too.
 *
 * @throws SteepestError `description` with every problem of the parameters, batch and likelihood;
 * `shape` with those of the outputs and the loss.
 *
 * @example
 * ```ts
 * import { categorical, matmul, objective, zeros } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 *
 * const regression = objective({
 *   parameters: { w: zeros([5, 3]) },
 *   batch: { x: [40, 5], y: [40] },
 *   outputs: ({ w }, { x }) => matmul(x, w),
 *   likelihood: categorical("y"),
 * });
 * assert.equal(regression.batch.y.dtype, "u32");
 * ```
 */
export function objective<P extends Parameters, B extends BatchSpecification>(
  description: LikelihoodDescription<P, B>,
): Objective<P, B>;
export function objective<P extends Parameters, B extends BatchSpecification>(
  description: LossDescription<P, B> | LikelihoodDescription<P, B>,
): Objective<P, B> {
  if (!isRecord(description as unknown)) {
    throw failure("description", "objective", show(description), "a description of an objective");
  }
  const { parameters, lowerBound } = description;
  const issues: Issue[] = [];
  const leaves = leavesOf(parameters, issues);
  const likelihood = "likelihood" in description ? likelihoodOf(description.likelihood) : undefined;
  const batch = isRecord(description.batch) ? description.batch : {} as B;
  const slots = batchSlots(batch, likelihood?.label, issues);
  issues.push(...optionIssues("", description, DESCRIPTION));
  const builder = "likelihood" in description ? description.outputs : description.loss;
  if (typeof builder !== "function") {
    issues.push(
      issue("loss", show(builder), "a function `loss`, or `outputs` with a `likelihood`"),
    );
  }
  if (issues.length > 0) throw new SteepestError("description", issues);
  const build = buildOf(parameters, slots, builder, likelihood);
  const { issues: faults, labels } = tryBuild(build, leaves, slots);
  if (faults.length > 0) throw new SteepestError("shape", faults);
  return Object.freeze({
    parameters,
    leaves,
    batch: slots,
    build,
    ...(lowerBound === undefined ? {} : { lowerBound }),
    ...(likelihood === undefined ? {} : { likelihood }),
    ...(labels === undefined ? {} : { labels }),
  });
}

/** What callers without types may give in place of an objective. */
export function objectiveIssues(of: unknown): Issue[] {
  const made = typeof of === "object" && of !== null && "build" in of && "leaves" in of;
  return made ? [] : [issue("objective", show(of), "what objective() makes")];
}

/**
 * The graph of an objective, with the nodes that `parameters` gives for each leaf's path and `batch`
 * for each name. Nodes may have any value of the declared shape: a parameter plus a perturbation,
 * or sampled labels in place of the given ones.
 */
export function instantiate(
  of: Pick<Objective<unknown, unknown>, "build">,
  parameters: (path: string) => Node,
  batch: (name: string) => Node,
  mode: Mode,
): Instance {
  return of.build(parameters, batch, mode);
}

/** Values in the nesting of an objective's parameters, from flat data by path. */
export function valuesOf<P extends Parameters>(
  of: Pick<Objective<P, unknown>, "parameters" | "leaves">,
  flat: (path: string) => Float32Array | Float64Array,
): Values<P> {
  return nestValues(of.parameters, of.leaves, flat);
}
