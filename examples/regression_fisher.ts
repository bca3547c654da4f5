/** Softmax regression with a diagonal natural gradient: the Fisher matrix of sampled labels. */
import {
  categorical,
  chain,
  compile,
  curvature,
  diagonal,
  ema,
  fisher,
  getOrThrow,
  gradientNorm,
  matmul,
  objective,
  scale,
  zeros,
} from "@steepest/steepest";

const regression = objective({
  parameters: { w: zeros([5, 3]) },
  batch: { x: [40, 5], y: [40] },
  outputs: ({ w }, { x }) => matmul(x, w),
  likelihood: categorical("y"),
});

const optimizer = chain(
  curvature({
    calculating: fisher({ from: "examples" }),
    structure: diagonal(),
    iterative: ema({ decay: 0.9 }),
    length: gradientNorm(),
  }),
  scale(0.05),
);

// Three classes along a line, with noise by formula.
const x = Float32Array.from({ length: 200 }, (_, i) => Math.sin(1.7 * i * i + 0.3));
const y = Uint32Array.from({ length: 40 }, (_, n) => Math.floor(1.5 * (x[5 * n]! + 1) * 0.999));

using program = getOrThrow(await compile(regression, optimizer, { data: { x, y }, seed: 1 })());
program.step(200);
const losses = await program.losses();
for (const step of [0, 10, 50, 199]) console.log(`step ${step}: loss ${losses[step]!.toFixed(4)}`);
