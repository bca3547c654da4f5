import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { denseLayerProgram } from "../../tests/end_to_end/_dense_layer.ts";
import type { Row } from "./_measure.ts";
import { overOne } from "./_replicas.ts";

export const row: Row = overOne({
  name: "50 replicas of the dense-layer task / one",
  atMost: 2.5,
  replicas: 50,
  programOf: (replicas) => denseLayerProgram(nasgd({ alpha: 0.5 }), replicas, "webgpu"),
  steps: [1000, 1000],
});
