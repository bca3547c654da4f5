/** How many gradients the online parabolas of the second paper take on five functions; the settings are below. */
import {
  adaptiveSgd,
  adaptiveSgdConfidence,
  add,
  constant,
  minimize,
  mul,
  objective,
  ogr,
  ogr1d,
  ogr1dc,
  ogr1ds,
  type Optimizer,
  pow,
  sgd,
  square,
  sub,
  sum,
} from "@steepest/steepest";

const quadratic = objective({
  parameters: { x: 1, y: 1 },
  loss: ({ x, y }) => add(mul(0.5, square(x)), mul(8, square(y))),
});

const rosenbrock = (x: number, y: number) =>
  objective({
    parameters: { x, y },
    loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
  });

const saddle = objective({
  parameters: { x: 1, y: 1e-3 },
  loss: ({ x, y }) => add(add(sub(square(x), square(y)), mul(0.25, pow(y, 4))), 1),
});

/** Fifty eigenvalues from 1 to 1000, along the axes turned by a reflection at the plane that is normal to u. */
const EIGENVALUES = constant(Array.from({ length: 50 }, (_, i) => 10 ** (3 * i / 49)));
const sines = Array.from({ length: 50 }, (_, i) => Math.sin(i + 1));
const length = Math.hypot(...sines);
const u = constant(sines.map((x) => x / length));
const rotated = objective({
  parameters: { x: Array.from({ length: 50 }, () => 1) },
  loss: ({ x }) => {
    const turned = sub(x, mul(2, mul(sum(mul(u, x)), u)));
    return mul(0.5, sum(mul(EIGENVALUES, square(turned))));
  },
});

/** Gradients until the loss is at most `until`, of the first one where that is relative, for eleven points in a row. */
async function gradients(
  on: Parameters<typeof minimize>[0],
  optimizer: Optimizer,
  until: number,
  relative: boolean,
): Promise<string> {
  const { losses } = await minimize(on, optimizer, { steps: 800, backend: "js" });
  const below = Array.from(losses, (f) => f <= until * (relative ? losses[0]! : 1));
  const first = below.findIndex((_, k) => below.slice(k, k + 11).every(Boolean));
  return first < 0 ? "none < 800" : `${first}`;
}

const line = (
  alpha: number,
  beta: number,
  momentum: number,
  limit: number,
  rate: number,
  m: number,
) => ({ alpha, beta, momentum, limit, learningRate: rate, every: m });

const RUNS = {
  "x²/2 + 8y² from (1, 1), f ≤ 1e-10": [quadratic, 1e-10, {
    momentum: sgd({ learningRate: 0.143, momentum: 0.395 }),
    adaptiveSgd: adaptiveSgd({ alpha: 0.56, beta: 0.7, sigmaTheta: 0.68, sigmaGradient: 0.078 }),
    ogr1d: ogr1d(line(0.67, 0.46, 0.79, 1.2, 0.04, 2)),
    ogr1ds: ogr1ds(line(0.67, 0.46, 0.79, 1.2, 0.04, 2)),
    ogr1dc: ogr1dc(line(0.67, 0.46, 0.79, 1.2, 0.04, 2)),
    ogr: ogr({ rank: 2, alpha: 1, beta: 0.5, limit: 2, learningRate: 0.02, every: 2 }),
  }],
  "Rosenbrock from (-3, -4), f ≤ 1e-6": [rosenbrock(-3, -4), 1e-6, {
    ogr1ds: ogr1ds(line(0.95, 0.46, 0.33, 1.5, 7.3e-5, 8)),
    ogr: ogr({
      rank: 2,
      alpha: 0.81,
      beta: 0.29,
      decay: 0.3,
      limit: 0.98,
      learningRate: 1.3e-4,
      every: 2,
    }),
  }],
  "Rosenbrock from (-1.2, 1), f ≤ 1e-6": [rosenbrock(-1.2, 1), 1e-6, {
    ogr1dc: ogr1dc(line(0.49, 0.27, 0.957, 0.22, 0.0011, 4)),
    ogr: ogr({
      rank: 2,
      alpha: 0.8,
      beta: 0.22,
      decay: 0.6,
      limit: 0.1,
      learningRate: 2.3e-4,
      every: 2,
    }),
  }],
  "x² − y² + y⁴/4 + 1 from (1, 0.001), f ≤ 1e-6": [saddle, 1e-6, {
    ogr1d: ogr1d(line(0.5, 0.46, 0.79, 0.3, 0.05, 4)),
    ogr1ds: ogr1ds(line(0.5, 0.46, 0.79, 0.3, 0.05, 4)),
    ogr1dc: ogr1dc(line(0.5, 0.46, 0.79, 0.3, 0.05, 4)),
    ogr: ogr({ rank: 2, alpha: 0.9, beta: 0.5, limit: 0.5, learningRate: 0.05, every: 2 }),
  }],
  "fifty eigenvalues, condition 1000, rotated, f ≤ 1e-8·f₀": [rotated, 1e-8, {
    momentum: sgd({ learningRate: 3.7e-3, momentum: 0.868 }),
    adaptiveSgdConfidence: adaptiveSgdConfidence({
      alpha: 0.216,
      beta: 0.79,
      gamma: 0.12,
      sigmaTheta: 0.03,
      sigma: 0.023,
    }),
    ogr1d: ogr1d(line(0.44, 0.66, 0.91, 0.12, 0.0019, 9)),
    ogr: ogr({
      rank: 30,
      alpha: 0.66,
      beta: 0.95,
      decay: 0.9,
      limit: 0.8,
      learningRate: 0.0019,
      every: 10,
    }),
  }],
} as const;

for (const [title, [on, until, optimizers]] of Object.entries(RUNS)) {
  console.log(title);
  for (const [name, optimizer] of Object.entries(optimizers)) {
    console.log(`  ${name}: ${await gradients(on as never, optimizer, until, on === rotated)}`);
  }
}
