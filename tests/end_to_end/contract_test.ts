/** The programs that the public face promises, as a first user would write them. */
import { assert, assertEquals } from "../_assert.ts";
import * as E from "fp-ts/lib/Either.js";
import {
  adam,
  add,
  categorical,
  chain,
  clamped,
  classify,
  clipByGlobalNorm,
  compile,
  cosineDecay,
  curvature,
  decode,
  describe,
  diagonal,
  digits,
  ema,
  encode,
  explain,
  fisher,
  floor,
  gaussNewton,
  getOrThrow,
  hessian,
  matmul,
  matrices,
  minimize,
  mlp,
  mul,
  nasgd,
  objective,
  scale,
  square,
  sub,
  train,
  weightDecay,
  zeros,
} from "../../mod.ts";

const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

Deno.test("minimize() reaches the valley of Rosenbrock in double precision and by default", async () => {
  const run = await minimize(rosenbrock, nasgd({ alpha: 1.6 }), {
    until: 1e-6,
    maxSteps: 2000,
    backend: "reference",
    precision: "f64",
    record: "all",
  });
  assert(run.reached);
  assertEquals(run.losses.length, run.steps + 1);
  assertEquals(run.history[0]!.parameters.y, -4);
  assertEquals(run.history[run.steps]!.parameters.x, run.parameters.x);
  assertEquals(run.history[3]!.loss, run.losses[3]);

  const single = await minimize(rosenbrock, nasgd({ alpha: 1.6 }), {
    until: 1e-6,
    maxSteps: 2000,
    backend: "js",
  });
  assert(single.reached && single.losses[single.steps]! <= 1e-6);
});

const mine = chain(
  clipByGlobalNorm(1),
  curvature({
    calculating: hessian({ probes: 1 }),
    structure: diagonal(),
    iterative: ema({ decay: 0.99 }),
    length: clamped(0.04),
    direction: ema({ decay: 0.96 }),
    every: { sample: 10 },
  }),
  weightDecay(0.1, matrices()),
  scale(cosineDecay({ from: 3e-4, steps: 10_000, warmup: 500 })),
);

Deno.test("classify(), explain(), encode() and decode() read an optimizer that has no name", () => {
  assertEquals(classify(mine), {
    length: "≤ (elementwise)",
    calculating: "H",
    structure: "diagonal",
    iterative: "Monte Carlo, momentum",
  });
  assert(explain(mine).includes("weightDecay"));
  const back = decode(JSON.parse(encode(mine)));
  assertEquals(back, E.right(mine));
});

const regression = objective({
  parameters: { w: zeros([5, 3]) },
  batch: { x: [40, 5], y: [40] },
  outputs: ({ w }, { x }) => matmul(x, w),
  likelihood: categorical("y"),
});
const x = Array.from({ length: 200 }, (_, i) => Math.sin(i * i + 1));
const y = Array.from({ length: 40 }, (_, i) => {
  const row = x.slice(5 * i, 5 * i + 3);
  return row.indexOf(Math.max(...row));
});

for (const calculating of [fisher(), fisher({ from: "examples" }), gaussNewton()]) {
  const name = calculating.kind + ("from" in calculating ? ` of the ${calculating.from}` : "");
  Deno.test(`minimize() fits a categorical likelihood with ${name}`, async () => {
    const optimizer = chain(
      curvature({
        calculating,
        structure: diagonal(),
        iterative: ema({ decay: 0.9, debias: true }),
        damping: floor(0.02),
      }),
      scale(0.2),
    );
    const { losses } = await minimize(regression, optimizer, {
      steps: 60,
      backend: "js",
      data: { x, y },
    });
    assert(Math.abs(losses[0]! - Math.log(3)) < 1e-5);
    assert(losses[60]! < 0.6 * losses[0]!, `${losses[60]} after ${losses[0]}`);
  });
}

Deno.test("train() learns drawn digits and tells how it went", async () => {
  const seen: number[] = [];
  const result = await train({
    model: mlp({ input: [1, 28, 28], hidden: [16], classes: 10 }),
    data: digits({ train: 300, test: 50 }),
    optimizer: nasgd({ alpha: 0.5 }),
    epochs: 2,
    batchSize: 20,
    seed: 1,
    replicas: 1,
    backend: "js",
    onProgress: ({ epoch, step, loss, accuracy, stepsPerSecond }) => {
      assert([epoch, step, loss, stepsPerSecond].every((value) => Number.isFinite(value)));
      assert(accuracy === undefined || accuracy >= 0);
      seen.push(step);
    },
  });
  assert(seen.length >= 2);
  assert(result.metrics.testAccuracy > 0.3, `${result.metrics.testAccuracy}`);
  assertEquals(result.parameters.layer1!.weight.shape, [16, 784]);
});

Deno.test("compile() gives a program that is described, stepped, set, saved and restored", async () => {
  using program = getOrThrow(
    await compile(rosenbrock, adam({ learningRate: 0.01 }), { backend: "js" })(),
  );
  const { kernels } = describe(program)!;
  assert(kernels.length > 0 && kernels.every((k) => k.source.length > 0));
  program.step(20);
  await program.settled();
  const saved = await program.save();
  program.step(5);
  const losses = [...await program.losses()];
  const point = await program.parameters();
  assertEquals(losses.length, 25);
  getOrThrow(await program.restore(saved));
  program.step(5);
  assertEquals([...await program.losses()], losses.slice(20));
  assertEquals(await program.parameters(), point);
  const rate = program.program.slots.filter((s) => s.role === "hyper").map((s) => s.name);
  const path = rate.at(-1)!.replace("hyper/", "");
  getOrThrow(program.set({ [path]: 0 }));
  const before = await program.parameters();
  program.step(3);
  assertEquals(await program.parameters(), before);
  assert("loss" in (await program.telemetry()));
});
