/**
 * What a user may write that no layer of the library is: through the public interface, step by step beside
 * the oracle, with hyperparameters that change and a checkpoint in between.
 */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals } from "../_assert.ts";
import {
  abs,
  acquireDevice,
  adam,
  add,
  average,
  categorical,
  chain,
  clamped,
  clipByGlobalNorm,
  compile,
  type CompileOptions,
  conv2d,
  curvature,
  dense,
  diagonal,
  ema,
  exp,
  floor,
  gather,
  gelu,
  getOrThrow,
  hessian,
  linear,
  matmul,
  matrices,
  mean,
  mul,
  normal,
  type Objective,
  objective,
  type Optimizer,
  reshape,
  scale,
  scatterAdd,
  square,
  sub,
  sum,
  tanh,
  trace,
  u32,
  weightDecay,
} from "../../mod.ts";

/** Numbers between −1 and 1 that look random. */
const numbers = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i * i + 78.233 * i));
const indices = (n: number, below: number): Uint32Array =>
  Uint32Array.from({ length: n }, (_, i) => (i * i * 7 + 3 * i) % below);

/** An objective, how it is minimised, and what it runs with. */
interface Case {
  readonly name: string;
  readonly of: Objective;
  readonly data: NonNullable<CompileOptions["data"]>;
  readonly optimizer: Optimizer;
  /** The path of its rate. */
  readonly rate: string;
  readonly options?: Pick<CompileOptions, "replicas" | "limits">;
}

const cases: readonly Case[] = [
  {
    name: "a factorisation of what was seen, whose tables change places with the next ones",
    of: objective({
      parameters: { a: normal([1300, 7], 0.3), b: normal([900, 7], 0.3) },
      batch: { i: u32([61]), j: u32([61]), y: [61] },
      loss: ({ a, b }, { i, j, y }) =>
        add(
          mean(square(sub(sum(mul(gather(a, i), gather(b, j)), [1]), y))),
          mul(1e-3, sum(square(a))),
        ),
    }) as Objective,
    data: { i: indices(61, 1300), j: indices(61, 900), y: numbers(61) },
    optimizer: chain(weightDecay(0.01), trace({ decay: 0.9, nesterov: true }), scale(0.05)),
    rate: "2/scale/by",
    options: { limits: { maxUniformBytes: 4096 } },
  },
  {
    name: "messages that are gathered at nodes of a graph",
    of: objective({
      parameters: { w: normal([5, 3], 0.5), t: normal([9, 3], 0.5) },
      batch: { x: [33, 5], to: u32([33]), y: [9, 3] },
      loss: ({ w, t }, { x, to, y }) => {
        const sent = mul(tanh(matmul(x, w)), gather(t, to));
        return mean(square(sub(scatterAdd(to, sent, 9), y)));
      },
    }) as Objective,
    data: { x: numbers(165), to: indices(33, 9), y: numbers(27) },
    optimizer: chain(adam({ learningRate: 1 }), scale(linear({ from: 0.05, to: 0.01, steps: 4 }))),
    rate: "2/scale/by/from",
    options: { replicas: 7, limits: { maxUniforms: 2, maxUniformBytes: 256 } },
  },
  {
    name: "convolutions of channels by themselves",
    of: objective({
      parameters: {
        own: normal([4, 1, 3, 3], 0.3),
        all: normal([8, 4, 1, 1], 0.3),
        v: normal([3, 8], 0.3),
      },
      batch: { x: [7, 4, 9, 5], y: [7] },
      outputs: ({ own, all, v }, { x }) => {
        const filtered = gelu(conv2d(x, own, { padding: 1, groups: 4 }));
        return dense(mean(conv2d(filtered, all), [2, 3]), v);
      },
      likelihood: categorical("y"),
    }) as Objective,
    data: { x: numbers(1260), y: indices(7, 3) },
    optimizer: chain(
      curvature({
        calculating: hessian({ probes: 1 }),
        structure: diagonal(),
        iterative: ema({ decay: 0.9 }),
        length: clamped(0.1),
        direction: ema({ decay: 0.5 }),
        damping: [abs(), floor(1e-2)],
        every: { sample: 2 },
      }),
      scale(0.1),
    ),
    rate: "1/scale/by",
  },
  {
    name: "counts with a rate for each, that a device of few bindings adds up",
    of: objective({
      parameters: { w: normal([65, 1], 0.05), b: 0.1 },
      batch: { x: [257, 65], y: [257] },
      outputs: ({ w, b }, { x }) => add(matmul(x, w), b),
      likelihood: {
        loss: (z, { y }) => {
          const rates = reshape(z, [257]);
          return sub(exp(rates), mul(y!, rates));
        },
      },
    }) as Objective,
    data: { x: numbers(257 * 65), y: indices(257, 5) },
    optimizer: chain(
      clipByGlobalNorm(0.5),
      weightDecay(0.1, matrices()),
      scale(0.1),
      average({ decay: 0.7 }),
    ),
    rate: "2/scale/by",
    options: { replicas: 2, limits: { maxUniforms: 1, maxBindings: 4 } },
  },
];

/** θ after 1, 2 and 5 steps, the losses, and θ after going back to step 2. */
async function course(
  { of, data, optimizer, rate, options }: Case,
  how: CompileOptions,
): Promise<readonly Float64Array[]> {
  using program = getOrThrow(
    await compile(of, optimizer, { ...options, ...how, data, seed: 3 })(),
  );
  const { replicas } = program, found: Float64Array[] = [];
  const read = async () => found.push(await program.flatParameters());
  program.step(1);
  await read();
  getOrThrow(program.set({ [rate]: Array.from({ length: replicas }, (_, r) => 0.02 / (1 + r)) }));
  program.step(1);
  await read();
  const saved = await program.save();
  program.step(3);
  await read();
  found.push((await program.records(0, 5)).get("record/loss")!);
  found.push(await program.flatEvaluationParameters());
  getOrThrow(await program.restore(saved));
  program.step(3);
  assertEquals(await program.flatParameters(), found[2], "the same again");
  return found;
}

const acquired = await acquireDevice()();
if (E.isLeft(acquired)) console.log(`device tests skipped: ${acquired.left.message}`);
const backends = E.isLeft(acquired) ? ["js"] as const : ["js", "webgpu"] as const;

for (const one of cases) {
  Deno.test(`${one.name}: as the oracle has it`, async () => {
    const exact = await course(one, { backend: "reference", precision: "f64" });
    for (const backend of backends) {
      (await course(one, { backend })).forEach((found, k) => {
        const largest = Math.max(...exact[k]!.map(Math.abs));
        assertEquals(found.length, exact[k]!.length);
        exact[k]!.forEach((x, i) =>
          assert(
            Math.abs(found[i]! - x) <= 3e-5 * largest,
            `${backend}, reading ${k}, ${i}: ${found[i]}, expected ${x}`,
          )
        );
      });
    }
  });
}
