/** Small objectives with everything that a program may need. */
import { objective } from "../../src/objective/objective.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { zeros } from "../../src/nn/initial.ts";
import { add, matmul, mul, square, sub } from "../../src/tensor/ops.ts";

export const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

export const regression = objective({
  parameters: { w: zeros([5, 3]) },
  batch: { x: [40, 5], y: [40] },
  outputs: ({ w }, { x }) => matmul(x, w),
  likelihood: categorical("y"),
});

export const regressionData = {
  x: Float32Array.from({ length: 200 }, (_, i) => Math.sin(0.7 * i) + 0.1 * Math.cos(i)),
  y: Float32Array.from({ length: 40 }, (_, i) => (i * i) % 3),
};
