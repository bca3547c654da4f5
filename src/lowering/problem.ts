/**
 * The objective as the step sees it: one instance of its graph at θ, and everything that an
 * optimizer may ask about it, built on demand. All of it shares one batch and one dropout mask.
 *
 * @module
 */
import { failure, issue, SteepestError } from "../errors.ts";
import { gaussNewtonVector, hessianVector, perExampleGradients } from "../autodiff/products.ts";
import { jvp } from "../autodiff/jvp.ts";
import { gradient } from "../autodiff/vjp.ts";
import { makeMode, type RandomSource, randomSource } from "../nn/mode.ts";
import { type Instance, instantiate, type Objective } from "../objective/objective.ts";
import { type Node, sizeOf } from "../tensor/node.ts";
import { constant, input, randomBits, sub } from "../tensor/ops.ts";
import { topological } from "../tensor/walk.ts";
import { assemble, flatten, parameterOf, restrict, slices, type Space, subspace } from "./arena.ts";
import { findLayers, type Found, type Layer } from "./layers/find.ts";
import { type LayerRows, layerRows } from "./layers/rows.ts";
import { type Arena, PARAMETERS, SEED, STEP } from "./program.ts";

/** Any objective: what lowering needs to know of it. */
export type AnyObjective =
  & Pick<
    Objective<unknown, unknown>,
    "leaves" | "build" | "lowerBound" | "likelihood"
  >
  & { readonly batch: object };

/** An instance of one example; a model that has the size of its batch written into it has none. */
function ofOne(instance: () => Instance): Instance {
  const expected = "a model of one example: one that reads the size of the batch from its inputs";
  try {
    const made = instance();
    const shape = made.outputs?.shape ?? [];
    if (shape[0] === undefined || shape[0] === 1) return made;
    throw failure("need", "outputs", `[${shape.join(", ")}]`, expected);
  } catch (error) {
    if (!(error instanceof SteepestError) || error.kind !== "shape") throw error;
    const issues = error.issues.map((it) =>
      issue(it.path, it.found, `${it.expected}, and ${expected}`)
    );
    throw new SteepestError("need", issues);
  }
}

/** The objective at θ. Vectors are flat, over the given space. */
export interface Problem {
  readonly arena: Arena;
  readonly theta: Node;
  readonly step: Node;
  readonly loss: Node;
  /** A lower bound of the loss; 0 where the objective names none. */
  readonly lowerBound: number;
  /** ∇f(θ) over the arena. */
  readonly gradient: Node;
  /** How many examples a batch has; absent without a likelihood. */
  readonly batchSize?: number;
  /** ∇f at another point of the arena, same batch and mask, over a space. */
  gradientAt(point: Node, space: Space): Node;
  /** f at another point of the arena, same batch and mask. */
  lossAt(point: Node): Node;
  /** ∇f(point)ᵀv for v over a space. */
  slopeAt(point: Node, v: Node, space: Space): Node;
  /** H·v over a space (the block of H that belongs to it). */
  hessianTimes(v: Node, space: Space): Node;
  /** G·v over a space; absent where the likelihood has no Hessian. */
  readonly gaussNewtonTimes?: (v: Node, space: Space) => Node;
  /** ∇f under labels sampled from the model, over a space; absent where labels cannot be sampled. */
  readonly sampledGradient?: (space: Space) => Node;
  /**
   * The gradient of each example, for each parameter of a space as [batchSize, size]; absent without a likelihood,
   * undefined where it cannot be sampled.
   */
  readonly examples?: (
    labels: "given" | "sampled",
    space: Space,
  ) => readonly Node[] | undefined;
  /** The layers that the parameters of a space are in; absent without a likelihood. */
  readonly layers?: (space: Space) => Found;
  /** What a batch says of layers; absent without a likelihood, undefined where labels cannot be sampled. */
  readonly layerRows?: (
    labels: "given" | "sampled",
    layers: readonly Layer[],
  ) => readonly LayerRows[] | undefined;
  /** A random stream of its own. */
  random(name: string): RandomSource;
}

/** The node of the tensor `name` of the batch. */
type BatchNode = (name: string) => Node;

/** What a batch of an objective holds, by name. */
export function batchTensors(
  objective: AnyObjective,
): Readonly<Record<string, { readonly shape: readonly number[]; readonly dtype: Node["dtype"] }>> {
  return objective.batch as ReturnType<typeof batchTensors>;
}

/** The clock inputs `seed` and `step`. */
export function clockInputs(): { readonly seed: Node; readonly step: Node } {
  return { seed: input(SEED, [], "u32"), step: input(STEP, [], "u32") };
}

/** The stream of sampled labels. */
const LABELS = "optimizer/labels";

/** Builds the {@link Problem}. */
export function problemOf(objective: AnyObjective, arena: Arena, batch: BatchNode): Problem {
  const { seed, step } = clockInputs();
  const theta = input(PARAMETERS, [arena.size]);
  const mode = makeMode(true, seed, step);
  const random = (name: string) => randomSource(seed, step, name);
  const at = (point: Node, batchNode: BatchNode = batch): Instance => {
    const entries = new Map(arena.entries.map((e) => [e.path, e]));
    return instantiate(
      objective,
      (path) => parameterOf(point, entries.get(path)!),
      batchNode,
      mode,
    );
  };
  const here = at(theta);
  // The slices, not the parameters in their shapes: a reshape of a reshape forgets the first one,
  // so that a loss may depend on a slice and not on the node of its parameter.
  const wrt = (space: Space, point: Node = theta) => {
    const kept = new Set(space.entries.map(({ path }) => path));
    return slices(point, { ...arena, entries: arena.entries.filter((e) => kept.has(e.path)) });
  };
  const { outputs, likelihood } = here;
  const tensors = batchTensors(objective);
  const given = Object.fromEntries(Object.keys(tensors).map((name) => [name, batch(name)]));
  const batchSize = outputs && (outputs.shape[0] ?? sizeOf(outputs.shape));
  const sampled = () => {
    if (outputs === undefined || likelihood?.sample === undefined) return undefined;
    return { ...given, ...likelihood.sample(outputs, random(LABELS)) };
  };
  const network = (space: Space) => ({
    loss: here.loss,
    batchSize: batchSize!,
    batch: Object.values(given),
    parameters: wrt(space),
  });
  const rowsOfLayers = (labels: "given" | "sampled", layers: readonly Layer[]) => {
    const all = labels === "given" ? given : sampled();
    return all && layerRows(likelihood!.loss(outputs!, all), batchSize!, layers);
  };
  const exampleGradients = (labels: "given" | "sampled", space: Space) => {
    const all = labels === "given" ? given : sampled();
    if (all === undefined) return undefined;
    const examples = Object.entries(all).map(([name, node]) => ({
      one: input(`example/${name}`, [1, ...node.shape.slice(1)], node.dtype),
      all: node,
    }));
    const ones = new Map(examples.map(({ one }, i) => [Object.keys(all)[i]!, one]));
    const { loss } = ofOne(() => at(theta, (name) => ones.get(name)!));
    // A mask drawn for one example becomes the rows of the batch's mask.
    const size = examples[0]!.all.shape[0]!;
    const masks = topological([loss]).flatMap((one) =>
      one.op.kind === "randomBits" && one.shape[0] === 1
        ? [{ one, all: randomBits(seed, step, one.op.stream, [size, ...one.shape.slice(1)]) }]
        : []
    );
    return perExampleGradients(loss, wrt(space), [...examples, ...masks]);
  };
  const whole = flatten(gradient(here.loss, wrt(arena)));
  return {
    arena,
    theta,
    step,
    loss: here.loss,
    lowerBound: objective.lowerBound ?? 0,
    gradient: whole,
    ...(batchSize === undefined ? {} : { batchSize }),
    gradientAt: (point, space) => flatten(gradient(at(point).loss, wrt(space, point))),
    lossAt: (point) => at(point).loss,
    slopeAt: (point, v, space) => jvp([at(point).loss], wrt(space, point), slices(v, space))[0]!,
    hessianTimes: (v, space) => flatten(hessianVector(here.loss, wrt(space), slices(v, space))),
    ...(outputs === undefined || likelihood?.outputHessian === undefined ? {} : {
      gaussNewtonTimes: (v: Node, space: Space) =>
        flatten(gaussNewtonVector(
          [outputs],
          ([t]) => [likelihood.outputHessian!(outputs, given, t!)],
          wrt(space),
          slices(v, space),
        )),
    }),
    ...(outputs === undefined || likelihood?.sample === undefined ? {} : {
      sampledGradient: (space: Space) =>
        flatten(gradient(likelihood.loss(outputs, sampled()!), wrt(space))),
    }),
    ...(outputs === undefined ? {} : {
      examples: exampleGradients,
      layers: (space: Space) => findLayers(network(space), space),
      layerRows: rowsOfLayers,
    }),
    random,
  };
}

/** θ − u over the arena: parameters outside the space of u stay at θ. */
export function thetaMinus({ theta, arena }: Problem, space: Space, u: Node): Node {
  const inside = new Set(space.entries.map(({ path }) => path));
  const rest = subspace(arena, ({ path }) => !inside.has(path));
  const parts = [{ space, flat: u }];
  if (rest.size > 0) parts.push({ space: rest, flat: constant(0, [rest.size]) });
  return sub(theta, assemble(parts, arena));
}

/** g over a space. */
export function gradientOver(problem: Problem, space: Space): Node {
  return restrict(problem.gradient, problem.arena, space);
}

/** θ over a space. */
export function thetaOf(problem: Problem, space: Space): Node {
  return restrict(problem.theta, problem.arena, space);
}
