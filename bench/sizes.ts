/**
 * Kernels that are larger than drivers like, of all models and optimizers, without a device.
 *
 *     deno task sizes [PART OF A NAME]
 */
import { InvalidArgumentError } from "commander";
import * as E from "fp-ts/lib/Either.js";
import { compilePlan } from "../src/compiler/compile_plan.ts";
import { loadsIn } from "../src/compiler/kernel_size.ts";
import type { Kernel, Plan } from "../src/compiler/plan.ts";
import { DEFAULT_ADAPTER } from "../src/loops/adapter.ts";
import { lower } from "../src/lowering/lower.ts";
import type { AnyObjective } from "../src/lowering/problem.ts";
import { mlp, mnistCnn, type Model } from "../src/nn/models.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import { classification } from "../src/objective/classification.ts";
import { objective } from "../src/objective/objective.ts";
import { catalogue } from "../src/optimizer/catalogue/registry.ts";
import { add, mul, square, sub } from "../src/tensor/ops.ts";
import { given, task } from "../tools/arguments.ts";
import { FAMILY, modelOf, SHAPES } from "./ratios/_networks.ts";

/** Characters of a kernel, and loads that it spells out (a vector is one), at most. */
const MOST_TEXT = 20_000, MOST_LOADS = 100;

/** Loops within a kernel are several kernels in one: Shampoo's roots have 102. */
const MOST_IN_LOOPS = 104;

function isLarge({ label, source }: Kernel, loads: number): boolean {
  const most = /^\d+ × /.test(label) ? MOST_IN_LOOPS : MOST_LOADS;
  return source.length > MOST_TEXT || loads > most;
}

/** The kernels of a plan that are larger than that, each with its size. */
export function largeKernels({ kernels }: Pick<Plan, "kernels">): readonly string[] {
  return kernels.flatMap((kernel) => {
    const { label, source } = kernel, loads = loadsIn(source);
    return isLarge(kernel, loads) ? [`${label}: ${source.length} characters, ${loads} loads`] : [];
  });
}

/** The classification of digits by a model. */
export function on<P extends Parameters>(model: Model<P>, batch: number): AnyObjective {
  return classification(model, batch) as unknown as AnyObjective;
}

/** A function of two numbers. */
export const rosenbrock: AnyObjective = objective({
  parameters: { x: -1.2, y: 1 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
}) as unknown as AnyObjective;

/** The paper's network. */
export function paperNetwork(): AnyObjective {
  return on(mnistCnn(), 60);
}

/** The models that programs are measured on, and a few more. */
export function family(): Readonly<Record<string, AnyObjective>> {
  const networks = Object.entries({ ...FAMILY, ...SHAPES });
  return {
    Rosenbrock: rosenbrock,
    softmax: on(mlp({ input: 784, classes: 10 }), 60),
    ...Object.fromEntries(networks.map(([name, n]) => [name, on(modelOf(n), n.batch)])),
  };
}

/** What a named optimizer is compiled to, or nothing where it cannot be. */
export function planOf(
  problem: AnyObjective,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Plan | undefined {
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

interface Case {
  readonly title: string;
  readonly problem: AnyObjective;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

function* cases(): Generator<Case> {
  const models = family();
  for (const name of ["sgd", "adam"]) {
    for (const model of Object.keys(models)) {
      yield { title: `${name} on ${model}`, problem: models[model]!, name, options: {} };
    }
  }
  const cnn = paperNetwork();
  for (const { name, network } of Object.values(catalogue)) {
    yield { title: `${name} on CNN`, problem: cnn, name, options: network };
  }
}

function main(): number {
  const all = [...cases()];
  const part = (text: string) => {
    if (all.some(({ title }) => title.includes(text))) return text;
    throw new InvalidArgumentError("That is in no name; below are those that there are.");
  };
  const read = given(
    task("deno task sizes", "Kernels that are larger than drivers like, without a device.")
      .argument("[part]", "of the names of those to look at", part)
      .addHelpText("after", `\nNames:\n${all.map(({ title }) => `  ${title}`).join("\n")}`),
  );
  if (E.isLeft(read)) return read.left;
  const [wanted = ""] = read.right.words;
  for (const { title, problem, name, options } of all) {
    if (!title.includes(wanted)) continue;
    const plan = planOf(problem, name, options);
    if (plan === undefined) continue;
    for (const kernel of largeKernels(plan)) console.log(`${title}: ${kernel}`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(main());
