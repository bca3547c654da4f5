/** No kernel is large: drivers take milliseconds for each load of a text, and stop optimising what is long. */
import * as E from "fp-ts/lib/Either.js";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { isTooLarge } from "../../src/compiler/workgroup_loops.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mlp, mnistCnn, type Model } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { objective } from "../../src/objective/objective.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { add, mul, square, sub } from "../../src/tensor/ops.ts";
import { assert, assertEquals } from "../_assert.ts";

/** Characters of a kernel, and loads that it spells out (a vector is one), at most about 100. */
const MOST_TEXT = 20_000, MOST_LOADS = 104;

/** Loads that a text of WGSL spells out. */
function loadsIn(source: string): number {
  const accesses = source.match(/\bb\d+\[/g) ?? [];
  const stores = source.match(/^b\d+\[.*\] = /gm) ?? [];
  return accesses.length - stores.length;
}

const rosenbrock = objective({
  parameters: { x: -1.2, y: 1 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

function on<P extends Parameters>(model: Model<P>, batch: number): AnyObjective {
  return classification(model, batch) as unknown as AnyObjective;
}

const SMALL: Readonly<Record<string, AnyObjective>> = {
  Rosenbrock: rosenbrock as unknown as AnyObjective,
  "softmax regression": on(mlp({ input: 12, classes: 4 }), 16),
  "dense layers": on(mlp({ input: [4, 4], hidden: [6, 5], classes: 4, activation: "gelu" }), 16),
};

/** Optimizers that together ask for everything: gradients, products, samples, factors, bases. */
const COVERING = ["sgd", "adam", "nasgd", "sophia", "kfac", "shampoo", "muon"] as const;

function planOf(problem: AnyObjective, name: string, options: Readonly<Record<string, unknown>>) {
  const lowered = lower(problem, catalogue[name]!.build(options));
  if (E.isLeft(lowered)) return undefined;
  const plan = compilePlan(lowered.right, {
    replicas: 1,
    target: "wgsl",
    adapter: DEFAULT_ADAPTER,
  });
  if (E.isLeft(plan)) throw plan.left;
  return plan.right;
}

function assertSmall({ kernels }: Plan, whose: string): void {
  // Loops within a kernel are several kernels in one, with a limit of their own.
  const large = kernels.filter((kernel) =>
    /^\d+ × /.test(kernel.label)
      ? isTooLarge(kernel)
      : kernel.source.length > MOST_TEXT || loadsIn(kernel.source) > MOST_LOADS
  ).map(({ label, source }) => `${label}: ${source.length} characters, ${loadsIn(source)} loads`);
  assertEquals(large, [], whose);
}

Deno.test("loadsIn() counts what is read, not what is written", () => {
  assertEquals(loadsIn("let t = b0[i] + b1[b0[2u]].x;\nb2[t] = t;\nb2[t + 1u] = b0[t];"), 4);
});

for (const [title, problem] of Object.entries(SMALL)) {
  Deno.test(`compilePlan() makes no large kernel of any entry on ${title}`, () => {
    for (const { name } of Object.values(catalogue)) {
      const plan = planOf(problem, name, {});
      if (plan !== undefined) assertSmall(plan, `${name} on ${title}`);
    }
  });
}

Deno.test("compilePlan() makes no large kernel of the paper's network", () => {
  const problem = on(mnistCnn(), 60);
  for (const name of COVERING) {
    const plan = planOf(problem, name, catalogue[name]!.network);
    assert(plan !== undefined, name);
    assertSmall(plan, `${name} on the paper's network`);
  }
});
