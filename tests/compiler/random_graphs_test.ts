/** Random graphs over all primitives: both targets against the oracle. */
import { assertEquals } from "../_assert.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { randomGraph } from "../tensor/_random_graphs.ts";
import { distance } from "./_compare.ts";
import { run, type Target, targets } from "./_run_plan.ts";

/** Of the largest value of a tensor. */
const TOLERANCE = 1e-5;
const GRAPHS: { readonly [T in Target]: number } = { js: 240, wgsl: 24 };

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} agrees with the oracle on random graphs`, async () => {
    const wrong: string[] = [];
    for (let seed = 0; seed < GRAPHS[target]; seed++) {
      const { outputs, inputs } = randomGraph(seed);
      const wanted = evaluate(outputs, inputs, { precision: "f32" });
      const exact = evaluate(outputs, inputs, { precision: "f64" });
      const got = await run(outputs, inputs, target);
      outputs.forEach((node, i) => {
        const apart = distance(got[i]!, wanted[i]!.data);
        // What loses most of its digits differs between roundings, and must then be nearer the truth.
        const better = distance(got[i]!, exact[i]!.data) <= TOLERANCE;
        if (!(apart <= TOLERANCE || better)) {
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
      const got = await run(outputs, inputs, target, { kind: target === "js" ? "cpu" : "gpu" });
      outputs.forEach((node, i) => {
        const apart = distance(got[i]!, wanted[i]!.data);
        if (!(apart <= TOLERANCE)) wrong.push(`seed ${seed}: ${node.op.kind} is ${apart} apart`);
      });
    }
    assertEquals(wrong, []);
  });
}
