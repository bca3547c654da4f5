/** Flat passes give what the oracle gives. */
import { assertEquals, assertLess } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { tanh as tanhLayer } from "../../src/nn/activations.ts";
import { zeros } from "../../src/nn/initial.ts";
import { dense } from "../../src/nn/layers.ts";
import { objective } from "../../src/objective/objective.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { AdapterClass } from "../../src/loops/adapter.ts";
import {
  add,
  broadcastTo,
  concatenate,
  input,
  mean,
  mul,
  slice,
  square,
  sub,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { distance } from "./_compare.ts";
import { right, run, type Target, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const wave = (size: number, by: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(by * i + 1));

for (const target of targets) {
  Deno.test(`flat passes on ${target} sum ranges and map elements as the oracle does`, async () => {
    for (const size of [2048, 2050, 3001]) {
      const x = input("x", [size]), y = input("y", [size]);
      const bounds = [0, 700, 1024, 1031, size];
      const norms = bounds.slice(1).map((stop, i) => sum(square(slice(x, [bounds[i]!], [stop]))));
      const total = sum(mul(square(x), add(y, 2)));
      const scaled = concatenate(
        norms.map((n, i) => {
          const part = slice(y, [bounds[i]!], [bounds[i + 1]!]);
          return mul(part, broadcastTo(n, part.shape));
        }),
        0,
      );
      const outputs = [
        add(x, mul(0.5, y)),
        total,
        ...norms,
        tanh(mul(x, broadcastTo(total, [size]))),
        scaled,
      ];
      const inputs = new Map([
        ["x@0", tensor(wave(size, 0.7), [size], "f32", "f32")],
        ["y@0", tensor(wave(size, 1.3), [size], "f32", "f32")],
      ]);
      const wanted = evaluate(outputs, inputs, { precision: "f64" });
      const adapters: readonly Partial<AdapterClass>[] = target === "js"
        ? [{ kind: "cpu" }, { kind: "script" }]
        : [{ kind: "cpu" }, { kind: "gpu" }, { maxUniformBytes: 2048 }];
      for (const adapter of adapters) {
        const got = await run(outputs, inputs, target, adapter), of = JSON.stringify(adapter);
        outputs.forEach((_, i) =>
          assertLess(distance(got[i]!, wanted[i]!.data), 2e-5, `${of} ${size} ${i}`)
        );
      }
    }
  });
}

const network = objective({
  parameters: { w: zeros([24, 30]), b: zeros([24]), v: zeros([5, 24]), c: zeros([5]) },
  batch: { x: [8, 30], y: [8, 5] },
  loss: ({ w, b, v, c }, { x, y }) => mean(square(sub(dense(tanhLayer(dense(x, w, b)), v, c), y))),
}) as unknown as AnyObjective;
const NAMES: { readonly [T in Target]: readonly string[] } = {
  js: ["adam", "nasgd", "lamb", "ogr1d", "adafactor", "prodigy", "sophia", "sam"],
  wgsl: ["normAdaptedAdam", "lamb"],
};
const SIZE = 24 * 30 + 24 + 5 * 24 + 5;
const slots = new Map([["batch/x", wave(240, 0.31)], ["batch/y", wave(40, 0.77)]]);

for (const target of targets) {
  for (const copies of [1, 2]) {
    Deno.test(`flat passes on ${target} take the oracle's steps, ${copies} at a time`, async () => {
      for (const name of NAMES[target]) {
        const program = right(lower(network, catalogue[name]!.build(), {
          telemetry: ["gradientNorm", "updateNorm"],
        }));
        const thetas = Array.from(
          { length: copies },
          (_, r) => wave(SIZE, 0.13 + r).map((v) => v / 4),
        );
        const { wrong } = await differences(program, {
          steps: target === "js" ? 4 : 2,
          target,
          thetas,
          slots,
        });
        assertEquals([name, wrong], [name, []]);
      }
    });
  }
}
