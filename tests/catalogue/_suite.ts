/** What every entry of the catalogue is tried on. Nothing here knows a name: facts of the value decide. */

import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { PARAMETERS } from "../../src/lowering/program.ts";
import { mlp } from "../../src/nn/models.ts";
import { initialValues as startOf } from "../../src/nn/initial.ts";
import { classification } from "../../src/objective/classification.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { needs, type Provision } from "../../src/optimizer/needs.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { encode } from "../../src/optimizer/codec.ts";
import { selections } from "../../src/optimizer/selections.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { initialValues, type SlotValues, stepRunner } from "../../src/reference/step.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { add, constant, mul, pow, square, sub, sum } from "../../src/tensor/ops.ts";
import { right } from "../lowering/_follow.ts";

/** What only an objective with a likelihood provides. */
const LIKELIHOOD: ReadonlySet<Provision> = new Set([
  "gaussNewtonVector",
  "sampledLabels",
  "drawnLabels",
  "perExampleGradients",
  "layerFactors",
]);

/** Whether a plain loss provides all that an optimizer asks for. */
export function plain(optimizer: Optimizer): boolean {
  return needs(optimizer).every(({ what }) => !LIKELIHOOD.has(what));
}

/** Whether a part of an optimizer, or its rest, has nothing to do: what is for matrices, where there is none. */
export function leavesOut(optimizer: Optimizer, { leaves }: Pick<Objective, "leaves">): boolean {
  return selections(optimizer, { leaves }).some(({ parameters }) => parameters.length === 0);
}

/** What an option is when it is switched: off to on, one word to another, none to some. */
function switched(value: unknown, range: string): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") {
    return [...range.matchAll(/"(\w+)"/g)].map((word) => word[1]).find((word) => word !== value);
  }
  if (value === null) return 1.5;
  return value === 0 ? 0.1 : value;
}

/** An expression of the catalogue. */
export interface Expression {
  readonly name: string;
  readonly optimizer: Optimizer;
  /** The same with steps about as long as θ, so that an error of the step is one of θ. */
  readonly brisk: Optimizer;
}

/** Options that say how long a step is, and what is long. */
const BRISK = { learningRate: 0.5, cap: 0.5 };

/** Every entry as it is by default and, where that is another expression, with its options switched. */
export const EXPRESSIONS: readonly Expression[] = Object.values(catalogue).flatMap((entry) => {
  const { name, defaults, ranges, build } = entry;
  const options = Object.fromEntries(
    Object.entries(defaults).map(([option, value]) => [option, switched(value, ranges[option]!)]),
  );
  const long = Object.fromEntries(
    Object.entries(BRISK).filter(([option]) => Object.hasOwn(defaults, option)),
  );
  const usual = { name, optimizer: build(), brisk: build(long) };
  const other = {
    name: `${name} with its options switched`,
    optimizer: build(options),
    brisk: build({ ...options, ...long }),
  };
  return encode(usual.optimizer) === encode(other.optimizer) ? [usual] : [usual, other];
});

/** A bowl that is longer one way than the other, and turned. */
export const quadratic: Objective = objective({
  parameters: { x: [2, -1], y: 1.5 },
  lowerBound: 0,
  loss: ({ x, y }) =>
    add(sum(mul(constant([0.5, 1.5]), square(x))), square(sub(y, mul(0.5, sum(x))))),
}) as Objective;

/** A thousandth of Rosenbrock's function, so that the rates that suit networks suit it too. */
export const rosenbrock: Objective = objective({
  parameters: { x: -1.2, y: 1 },
  lowerBound: 0,
  loss: ({ x, y }) => mul(1e-3, add(square(sub(1, x)), mul(100, square(sub(y, square(x)))))),
}) as Objective;

const A = [[0.5, -0.4], [0.3, 0.9]], B = [-1.1, 0.8, 0.4];

function own(x: Parameters<typeof square>[0], target: Parameters<typeof square>[0]) {
  return add(sum(square(sub(x, target))), mul(0.05, sum(pow(x, 4))));
}

/** Where {@link apart} starts. */
export const STARTS: Readonly<Record<"a" | "b", readonly number[]>> = { a: A.flat(), b: B };

/** No term has elements of both parameters; `b` is one of the two, or a constant. */
export const apart: Objective = objective({
  parameters: { a: A, b: B },
  loss: ({ a, b }) => add(own(a, 0.2), own(b, 0.3)),
}) as Objective;
export const alone: Objective = objective({
  parameters: { a: A },
  loss: ({ a }) => add(own(a, 0.2), own(constant(B), 0.3)),
}) as Objective;

/** A bowl whose place is in the batch: the gradient at the mean place is the mean gradient. */
export const elsewhere: Objective = objective({
  parameters: { a: A, b: B },
  batch: { at: [] },
  loss: ({ a, b }, { at }) => add(sum(square(sub(a, at))), mul(2, sum(square(add(b, at))))),
}) as Objective;

/** Features and classes in matrices and vectors, with the batch that it sees at every step. */
const MODEL = mlp({ input: 4, hidden: [3], classes: 3, activation: "tanh" });
const EXAMPLES = 18;
export const network: Objective = classification(MODEL, EXAMPLES) as Objective;

function wave(i: number): number {
  return Math.sin(12.9898 * i * i + 0.7 * i);
}

const labels = Array.from({ length: EXAMPLES }, (_, n) => (7 * n) % 3);
export const networkData: Readonly<Record<string, number[]>> = {
  x: labels.flatMap((y, n) => [0, 1, 2, 3].map((k) => (k === y ? 1 : 0) + 0.5 * wave(4 * n + k))),
  y: labels,
};

/** The start of a program's objective for one seed, in the layout of θ. */
export function thetaOf(of: AnyObjective, optimizer: Optimizer, seed: number): number[] {
  const { arena } = right(lower(of, optimizer));
  return arena.entries.flatMap(({ path }) => {
    const leaf = of.leaves.find((one) => one.path === path)!;
    return [...startOf(leaf.initial, seed, path)];
  });
}

/** θ after each step in double precision; `slots(step)` are the tensors of that step's batch. */
export function walk(
  of: AnyObjective,
  optimizer: Optimizer,
  steps: number,
  slots: (step: number) => Readonly<Record<string, number>> = () => ({}),
): ReadonlyMap<string, number[]>[] {
  const program = right(lower(of, optimizer));
  const run = stepRunner(program, "f64");
  const theta = thetaOf(of, optimizer, 0);
  let values: SlotValues = initialValues(program, theta, { precision: "f64", seed: 0 });
  const out: Map<string, number[]>[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = Object.entries(slots(step)).map(([name, value]): [string, Tensor] => [
      `batch/${name}`,
      tensor([value], [], "f32", "f64"),
    ]);
    values = run(new Map([...values, ...batch]), step).values;
    const flat = [...values.get(PARAMETERS)!.data];
    out.push(
      new Map(
        program.arena.entries.map(({ path, offset, size }) => [
          path,
          flat.slice(offset, offset + size),
        ]),
      ),
    );
  }
  return out;
}

/** The largest difference between two lists of the same length, in units of the larger of 1 and what is expected. */
export function apartBy(found: readonly number[], expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  const each = expected.map((x, i) => Math.abs(found[i]! - x) / Math.max(1, Math.abs(x)));
  return each.every((d) => !Number.isNaN(d)) ? Math.max(0, ...each) : NaN;
}
