import { objective } from "../../src/objective/objective.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { add, mul, square, sub } from "../../src/tensor/ops.ts";
import type { Row } from "./_measure.ts";
import { overOne } from "./_replicas.ts";

const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

export const row: Row = overOne({
  name: "2000 replicas of Rosenbrock / one",
  atMost: 5,
  replicas: 2000,
  programOf: async (replicas) =>
    getOrThrow(
      await compile(rosenbrock, nasgd({ alpha: 1.6 }), { backend: "webgpu", replicas })(),
    ),
  steps: [1000, 1000],
});
