/** Telemetry of running programs: every backend, replicas, types, and no wait on its account. */
import { describe } from "../../src/compiler/describe.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { cosineDecay } from "../../src/optimizer/schedule.ts";
import { TELEMETRY_NAMES } from "../../src/optimizer/telemetry.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { minimize } from "../../src/training/minimize.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import { backends, ignore, withDevice } from "./_device.ts";
import { regression, regressionData, rosenbrock } from "./_objectives.ts";

for (const { backend, ignore } of backends) {
  Deno.test({
    name: `compile() on ${backend} tells by name what the oracle tells`,
    ignore,
    fn: async () => {
      const optimizer = adam({ learningRate: cosineDecay({ from: 0.05, steps: 40 }) });
      const options = { data: regressionData, telemetry: TELEMETRY_NAMES, replicas: 2, seed: 3 };
      const start = { parameters: { w: Array.from({ length: 30 }, (_, i) => Math.sin(i)) } };
      const told = [];
      for (const b of [backend, "reference"] as const) {
        using program = getOrThrow(
          await compile(regression, optimizer, { ...options, ...start, backend: b })(),
        );
        program.step(12);
        told.push(await program.telemetry(), await program.replica(1).telemetry());
      }
      for (const r of [0, 1]) {
        const found = told[r]!, wanted = told[2 + r]!;
        assertEquals(Object.keys(found).toSorted(), Object.keys(wanted).toSorted());
        for (const name of TELEMETRY_NAMES) {
          assertEquals(found[name].length, 12);
          found[name].forEach((x, k) => {
            const size = 1e-3 * Math.max(1e-3, Math.abs(wanted[name][k]!));
            assertAlmostEquals(x, wanted[name][k]!, size, `${name} of ${r} at ${k}`);
          });
        }
      }
      assert(told[0]!.loss[0] !== told[1]!.loss[0]);
    },
  });
}

Deno.test("minimize() gives the series that were asked for, by replica", async () => {
  const run = await minimize(rosenbrock, nasgd({ alpha: 1.6 }), {
    until: 1e-6,
    maxSteps: 2000,
    backend: "reference",
    precision: "f64",
    record: "all",
    replicas: 2,
    set: { "newtonRaphson/alpha": [1.6, 1.2] },
    telemetry: ["equivalentAlpha", "capped"],
  });
  for (const [r, alpha] of [1.6, 1.2].entries()) {
    const { telemetry, steps } = run.replica(r);
    assertEquals(telemetry.equivalentAlpha.length, steps);
    telemetry.equivalentAlpha.forEach((x, k) => {
      if (telemetry.capped[k] === 0) assertAlmostEquals(x, alpha, 1e-9);
    });
    assert(!Object.keys(telemetry).some((name) => name.includes("history")));
  }
});

Deno.test({
  name: "telemetry on webgpu is read without one wait more",
  ignore,
  fn: () =>
    withDevice(async (device) => {
      const mapped = async (telemetry: typeof TELEMETRY_NAMES): Promise<number> => {
        using program = getOrThrow(
          await compile(rosenbrock, nasgd(), { device, telemetry })(),
        );
        const original = GPUBuffer.prototype.mapAsync;
        let count = 0;
        GPUBuffer.prototype.mapAsync = function (...rest) {
          count++;
          return original.apply(this, rest);
        };
        try {
          program.step(700);
          await program.telemetry();
        } finally {
          GPUBuffer.prototype.mapAsync = original;
        }
        return count;
      };
      const without = await mapped([]);
      assert(without > 0);
      assertEquals(await mapped(TELEMETRY_NAMES), without);
    }),
});

Deno.test("describe() shows what telemetry adds: three passes for any number of sums", async () => {
  const described = async (telemetry: typeof TELEMETRY_NAMES) => {
    using program = getOrThrow(
      await compile(regression, adam(), { backend: "js", data: regressionData, telemetry })(),
    );
    return describe(program)!;
  };
  const plain = await described([]);
  const one = await described(["gradientNorm"]);
  const three = await described(["gradientNorm", "updateNorm", "cosine", "equivalentAlpha"]);
  assertEquals(plain.records, ["loss"]);
  assertEquals(three.records, ["loss", "gradientNorm", "updateNorm", "cosine", "equivalentAlpha"]);
  assert(one.dispatchesPerStep > plain.dispatchesPerStep);
  assert(three.dispatchesPerStep <= one.dispatchesPerStep + 2, `${three.dispatchesPerStep}`);
});
