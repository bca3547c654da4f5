/** Trains a small network on drawn digits: nothing to download, a few seconds on any machine. */
import { digits, mlp, nasgd, train } from "@steepest/steepest";

const result = await train({
  model: mlp({ input: [1, 28, 28], hidden: [32], classes: 10 }),
  data: digits({ train: 2000, test: 500 }),
  optimizer: nasgd({ alpha: 0.5 }),
  epochs: 2,
  batchSize: 50,
  seed: 1,
  onProgress: ({ epoch, step, loss, epochDone }) => {
    if (epochDone) console.log(`epoch ${epoch}: ${step} steps, loss ${loss.toFixed(3)}`);
  },
});
const { testAccuracy, testLoss } = result.metrics;
console.log(
  `${result.backend}: test accuracy ${(100 * testAccuracy).toFixed(1)} %, loss ${
    testLoss.toFixed(3)
  }`,
);
