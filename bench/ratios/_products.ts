/** Hessian-vector products of the CNN's loss, next to its gradient, in programs that only store them. */
import type { Parameters } from "../../src/nn/parameters.ts";
import { conjugateGradients, type Product } from "../../src/linalg/conjugate_gradients.ts";
import { loop } from "../../src/linalg/loop.ts";
import { batchSlotsOf } from "../../src/lowering/lower.ts";
import { type AnyObjective, type Problem, problemOf } from "../../src/lowering/problem.ts";
import type { Slot, StepProgram } from "../../src/lowering/program.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import type { Node } from "../../src/tensor/node.ts";
import { add, compare, div, dot, input, mul, sqrt } from "../../src/tensor/ops.ts";
import { simplify } from "../../src/tensor/simplify.ts";
import { type Elsewhere, type Side, type Spent, spent } from "./_measure.ts";

/** Images in a batch. */
const BATCH = 60;
/** Added to the Hessian, so that conjugate gradients meet no direction of negative curvature. */
const DAMPING = 10;

/** What a program stores, given the objective and a direction over the parameters. */
export type Values = (problem: Problem, v: Node) => readonly Node[];

const product = (problem: Problem): Product => (v) => problem.hessianTimes(v, problem.arena);

/** Products one after the other at one point; with `of`, a loop of so many that stops after `times`. */
export function powers(times: number, of?: number): Values {
  return (problem, v) => {
    const next = (x: Node): Node => {
      const h = product(problem)(x);
      return div(h, sqrt(dot(h, h)));
    };
    if (of === undefined) {
      return loop({ times, initial: [v], body: (x) => [next(x!)] });
    }
    const [last] = loop({
      times: of,
      initial: [v, input("zero", [])],
      body: (x, i) => [next(x!), add(i!, 1)],
      condition: (_x, i) => compare("lt", i!, times),
    });
    return [last!];
  };
}

export const VALUES = {
  gradient: ({ gradient }) => [gradient],
  product: (problem, v) => [product(problem)(v)],
  both: (problem, v) => [problem.gradient, product(problem)(v)],
  gaussNewton: (problem, v) => [problem.gaussNewtonTimes!(v, problem.arena)],
  solution: (problem) => {
    const damped: Product = (v) => add(product(problem)(v), mul(DAMPING, v));
    return [conjugateGradients(damped, problem.gradient, { steps: 10 }).x];
  },
} satisfies Readonly<Record<string, Values>>;

function storing(program: StepProgram, problem: Problem, values: Values): StepProgram {
  const { size } = program.arena;
  const v = Array.from({ length: size }, (_, i) => Math.sin(13 * i));
  const state = (name: string, shape: Slot["shape"], initial: Slot["initial"] = 0): Slot => ({
    name,
    role: "state",
    shape,
    dtype: "f32",
    initial,
    perReplica: false,
  });
  const nodes = simplify(values(problem, input("v", [size])));
  const stored = nodes.map(({ shape }, i) => state(`result ${i}`, shape));
  const assign = nodes.map((value, i) => ({ slot: `result ${i}`, value }));
  return {
    ...program,
    // A list keeps the scalar on the device.
    slots: [...program.slots, state("v", [size], v), state("zero", [], [0]), ...stored],
    regions: [{ kind: "straight", period: 1, offset: 0, assign }],
  };
}

/** A program whose steps do nothing but store `values`, always for the same batch. */
async function storingProgram(values: Values): Promise<Program<Parameters>> {
  const objective = classification(mnistCnn({ dropout: false }), BATCH);
  const images = Float32Array.from({ length: BATCH * 784 }, (_, i) => Math.sin(i * i));
  const labels = Uint32Array.from({ length: BATCH }, (_, i) => (7 * i) % 10);
  const any = objective as unknown as AnyObjective;
  const compiled = await compile(objective, sgd(), {
    backend: "webgpu",
    data: { x: images, y: labels },
    transform: (program) =>
      storing(program, problemOf(any, program.arena, batchSlotsOf(any).node), values),
  })();
  return getOrThrow(compiled) as unknown as Program<Parameters>;
}

/** Runs of `steps` steps. */
export async function storingSide(name: string, values: Values, steps: number): Promise<Side> {
  const program = await storingProgram(values);
  return {
    name,
    units: steps,
    run: async () => {
      program.step(steps);
      await program.settled();
    },
  };
}

/** What more of something takes: a run of the long side less one of the short side. */
export function difference(long: Side, short: Side, units: number): Elsewhere {
  const minus = (a: Spent, b: Spent): Spent => ({ cpu: a.cpu - b.cpu, wall: a.wall - b.wall });
  return {
    name: `${long.name} less ${short.name}`,
    measure: async () => {
      const most = await spent(long.run);
      return { ...minus(most, await spent(short.run)), units };
    },
  };
}
