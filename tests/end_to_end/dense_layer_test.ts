import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { assert } from "../_assert.ts";
import { matchDenseLayer } from "./_dense_layer.ts";

const RUNS = 50;

const CASES: readonly {
  readonly name: string;
  readonly optimizer: Optimizer;
  /** What the mean distance over the runs must be below, or must not be below. */
  readonly below?: number;
  readonly notBelow?: number;
}[] = [
  { name: "NaSGD 0.5", optimizer: nasgd({ alpha: 0.5 }), below: 1e-5 },
  { name: "NaSGD 1.0", optimizer: nasgd({ alpha: 1 }), below: 1e-5 },
  { name: "NaSGD 1.5", optimizer: nasgd({ alpha: 1.5 }), below: 1e-5 },
  { name: "NaSGD 1.7", optimizer: nasgd({ alpha: 1.7 }), notBelow: 1e-5 },
  { name: "Adam 0.001", optimizer: adam({ learningRate: 0.001 }), notBelow: 1e-3 },
  { name: "SGD 0.03", optimizer: sgd({ learningRate: 0.03 }), notBelow: 1e-3 },
];

const adapter = await navigator.gpu?.requestAdapter() ?? null;
if (adapter === null) console.log("the dense layer is not tested on WebGPU: no adapter");

for (const { name, optimizer, below = Infinity, notBelow = 0 } of CASES) {
  const outcome = below < 1 ? "finds" : "does not find";
  for (const backend of ["js", "webgpu"] as const) {
    Deno.test({
      name: `dense layer: ${name} ${outcome} the teacher on ${backend}`,
      ignore: backend === "webgpu" && adapter === null,
      fn: async () => {
        const distances = await matchDenseLayer(optimizer, RUNS, backend);
        const mean = distances.reduce((a, b) => a + b, 0) / RUNS;
        const found = `mean ${mean.toExponential(2)} over ${RUNS} runs`;
        assert(mean < below, found);
        assert(!(mean < notBelow), found);
      },
    });
  }
}
