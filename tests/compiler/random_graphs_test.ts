/** Random graphs over all primitives: both targets against the oracle. */
import { assertEquals } from "../_assert.ts";
import type { AdapterClass } from "../../src/loops/adapter.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { randomGraph } from "../tensor/_random_graphs.ts";
import { distance } from "./_compare.ts";
import { run, type Target, targets, type Ways } from "./_run_plan.ts";

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

  const others: readonly (readonly [string, Partial<AdapterClass>, Ways])[] = [
    ["a device of other costs", { kind: target === "js" ? "cpu" : "gpu" }, {}],
    ...target === "js" ? [] : [
      // Whatever is longer than a few words is read in slices.
      ["a device of short windows", { maxUniformBytes: 256 }, {}],
      ["a device of other windows", { maxUniformBytes: 1024 }, {}],
      ["a device that does each kernel by itself", {}, { oneKernel: 0 }],
      ["one workgroup that does what it can", { maxBindings: 16 }, { oneKernel: Infinity }],
    ] as const,
  ];
  for (const [where, adapter, ways] of others) {
    Deno.test(`compilePlan() on ${target} agrees with itself on ${where}`, async () => {
      const wrong: string[] = [];
      for (let seed = 1000; seed < 1000 + GRAPHS[target] / 8; seed++) {
        const { outputs, inputs } = randomGraph(seed);
        const wanted = evaluate(outputs, inputs, { precision: "f32" });
        const got = await run(outputs, inputs, target, adapter, ways);
        outputs.forEach((node, i) => {
          const apart = distance(got[i]!, wanted[i]!.data);
          if (!(apart <= TOLERANCE)) wrong.push(`seed ${seed}: ${node.op.kind} is ${apart} apart`);
        });
      }
      assertEquals(wrong, []);
    });
  }
}
