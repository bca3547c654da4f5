/** Random graphs over all primitives: both targets against the oracle. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals } from "../_assert.ts";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { constant, input, mul, repeat } from "../../src/tensor/ops.ts";
import { randomGraph } from "../tensor/_random_graphs.ts";
import { distance } from "./_compare.ts";
import { programOf, run, type Target, targets } from "./_run_plan.ts";

/** Of the largest value of a tensor. */
const TOLERANCE = 1e-5;
const GRAPHS: { readonly [T in Target]: number } = { js: 240, wgsl: 16 };

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} agrees with the oracle on random graphs`, async () => {
    const wrong: string[] = [];
    for (let seed = 0; seed < GRAPHS[target]; seed++) {
      const { outputs, inputs } = randomGraph(seed);
      const wanted = evaluate(outputs, inputs, { precision: "f32" });
      const got = await run(outputs, inputs, target);
      outputs.forEach((node, i) => {
        const apart = distance(got[i]!, wanted[i]!.data);
        if (!(apart <= TOLERANCE)) {
          wrong.push(`seed ${seed}: ${node.op.kind}[${node.shape}] is ${apart} apart`);
        }
      });
    }
    assertEquals(wrong, []);
  });

  Deno.test(`compilePlan() on ${target} agrees with itself on a device of other costs`, async () => {
    const wrong: string[] = [];
    for (let seed = 1000; seed < 1000 + GRAPHS[target] / 8; seed++) {
      const { outputs, inputs } = randomGraph(seed);
      const wanted = evaluate(outputs, inputs, { precision: "f32" });
      const got = await run(outputs, inputs, target, { kind: "gpu" });
      outputs.forEach((node, i) => {
        const apart = distance(got[i]!, wanted[i]!.data);
        if (!(apart <= TOLERANCE)) wrong.push(`seed ${seed}: ${node.op.kind} is ${apart} apart`);
      });
    }
    assertEquals(wrong, []);
  });
}

Deno.test("compilePlan() refuses loops that are too long to write out, with a typed error", () => {
  const x = input("x", []);
  const [last] = repeat(
    { times: 1_000_000, formals: [x], next: [mul(x, 2)] },
    [constant(1, [])],
    [],
  );
  const plan = compilePlan(programOf([last!]), {
    replicas: 1,
    target: "js",
    adapter: DEFAULT_ADAPTER,
  });
  assertEquals(E.isLeft(plan) && [plan.left.kind, plan.left.issues[0]!.path], ["limit", "repeat"]);
});
