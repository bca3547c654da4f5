/** Two optimizers walk down Rosenbrock's valley. */
import { adam, add, minimize, mul, nasgd, objective, square, sub } from "@steepest/steepest";

const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
  lowerBound: 0,
});

for (
  const [name, optimizer] of [["nasgd", nasgd({ alpha: 1.6 })], [
    "adam",
    adam({ learningRate: 0.1 }),
  ]] as const
) {
  const run = await minimize(rosenbrock, optimizer, {
    until: 1e-6,
    maxSteps: 5000,
    backend: "reference",
    precision: "f64",
    record: "all",
  });
  const { x, y } = run.parameters;
  console.log(
    `${name}: ${run.steps} steps, f = ${run.losses.at(-1)?.toExponential(2)} at (${x}, ${y})`,
  );
  console.log(`  after 10 steps: y = ${run.history[10]?.parameters.y}`);
}
