/** What Hessian-vector products of a network cost, counted on plans. */
import { assertLess } from "../_assert.ts";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { type Plan, visitCommands } from "../../src/compiler/plan.ts";
import { conjugateGradients } from "../../src/linalg/conjugate_gradients.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { arenaOf } from "../../src/lowering/arena.ts";
import { batchSlotsOf, commonSlots } from "../../src/lowering/lower.ts";
import { type AnyObjective, type Problem, problemOf } from "../../src/lowering/problem.ts";
import type { Slot } from "../../src/lowering/program.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import type { Node } from "../../src/tensor/node.ts";
import { input } from "../../src/tensor/ops.ts";
import { simplify } from "../../src/tensor/simplify.ts";
import { right } from "../lowering/_follow.ts";

const objective = classification(mnistCnn({ dropout: false }), 60) as unknown as AnyObjective;
const arena = arenaOf(objective.leaves, () => "");

function planOfValues(values: (problem: Problem, v: Node) => readonly Node[]): Plan {
  const batch = batchSlotsOf(objective), shape = [arena.size];
  const state = (name: string): Slot => ({
    name,
    role: "state",
    shape,
    dtype: "f32",
    initial: 0,
    perReplica: true,
  });
  const nodes = simplify(values(problemOf(objective, arena, batch.node), input("v", shape)));
  const program = {
    arena,
    slots: [
      ...commonSlots(arena.size),
      ...batch.slots,
      ...["v", ...nodes.map((_, i) => `out ${i}`)].map(state),
    ],
    regions: [{
      kind: "straight" as const,
      period: 1,
      offset: 0,
      assign: nodes.map((value, i) => ({ slot: `out ${i}`, value })),
    }],
    evaluation: [],
  };
  return right(compilePlan(program, {
    replicas: 1,
    target: "wgsl",
    adapter: { ...DEFAULT_ADAPTER, maxBindings: 16 },
  }));
}

/** Multiply-adds of a step, as kernels count them. */
function flopsOf({ kernels, regions }: Plan): number {
  let flops = 0;
  for (const { commands } of regions) {
    visitCommands(commands, (c, times) => {
      if (c.kind === "dispatch") flops += times * kernels[c.kernel]!.flops;
    });
  }
  return flops;
}

const whole = ({ hessianTimes }: Problem, v: Node): Node => hessianTimes(v, arena);

Deno.test("compilePlan() makes Hessian-vector products of few multiply-adds", () => {
  const gradient = flopsOf(planOfValues(({ gradient }) => [gradient]));
  const alone = flopsOf(planOfValues((problem, v) => [whole(problem, v)]));
  const both = flopsOf(planOfValues((problem, v) => [problem.gradient, whole(problem, v)]));
  const [few, many] = [1, 11].map((steps) =>
    flopsOf(planOfValues((problem) => [
      conjugateGradients((v) => whole(problem, v), problem.gradient, { steps }).x,
    ]))
  );
  // The cotangent of the first layer's input, and the tangents of the images, are not computed.
  assertLess(alone / gradient, 2.2);
  // One pass through the network serves the gradient and the product.
  assertLess(both / gradient, 2.9);
  // What depends on the point alone is computed once for all products.
  assertLess((many! - few!) / 10 / gradient, 1.9);
});
