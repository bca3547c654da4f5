/** An optimizer of one's own on drawn digits: watched by telemetry, then compared with Adam by two sweeps. */
import {
  adam,
  average,
  chain,
  clipByGlobalNorm,
  cosineDecay,
  curvature,
  diagonal,
  digits,
  ema,
  empiricalFisher,
  floor,
  gradientNorm,
  grid,
  matrices,
  max,
  mlp,
  type Optimizer,
  scale,
  sweep,
  train,
  weightDecay,
} from "@steepest/steepest";

const epochs = 4, batchSize = 20, images = 400;

/** Adam's stage with the largest recent squared gradient in place of their mean, evaluated at an average. */
function cautious({ peak = 0.03, memory = 0.9 } = {}): Optimizer {
  return chain(
    clipByGlobalNorm(1),
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal(),
      iterative: max({ decay: memory }),
      length: gradientNorm(),
      direction: ema({ decay: 0.9, debias: true }),
      damping: floor(1e-12),
    }),
    weightDecay(0.01, matrices()),
    scale(cosineDecay({ from: peak, steps: epochs * images / batchSize, warmup: 10 })),
    average({ decay: 0.9 }),
  );
}

const setting = {
  model: mlp({ input: [1, 28, 28], hidden: [16], classes: 10 }),
  data: digits({ train: images, test: 200 }),
  epochs,
  batchSize,
  seed: 1,
  backend: "js",
} as const;

const { telemetry, metrics } = await train({
  ...setting,
  optimizer: cautious(),
  telemetry: ["gradientNorm", "updateNorm", "learningRate", "clipped"],
});
console.log("step    loss     ‖g‖     ‖u‖       η  clipped");
for (let step = 0; step < telemetry.loss.length; step += 10) {
  const { loss, gradientNorm, updateNorm, learningRate, clipped } = telemetry;
  const row = [loss, gradientNorm, updateNorm, learningRate].map((series) =>
    series[step]!.toFixed(4)
  );
  console.log([String(step).padStart(4), ...row, clipped[step]].join("  "));
}
console.log(`test accuracy ${metrics.testAccuracy}, measured at the average of the parameters`);

const mine = await sweep({
  ...setting,
  optimizer: cautious,
  trials: grid({ peak: [0.03, 0.1], memory: [0.9, 0.99] }),
});
const rival = await sweep({
  ...setting,
  optimizer: adam,
  trials: grid({ learningRate: [0.01, 0.03], beta2: [0.9, 0.99] }),
});
for (const [name, { ranked, programs }] of [["cautious", mine], ["adam", rival]] as const) {
  console.log(`${name}: ${ranked.length} settings, programs compiled: ${programs}`);
  for (const { settings, score, run } of ranked) {
    console.log(
      `  test loss ${score.toFixed(3)}, accuracy ${run.metrics.testAccuracy.toFixed(3)}`,
      settings,
    );
  }
}
