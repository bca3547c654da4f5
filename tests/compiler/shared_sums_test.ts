import { assert, assertEquals } from "../_assert.ts";
import {
  accumulate,
  add,
  broadcastTo,
  chain,
  clipByGlobalNorm,
  compile,
  exp,
  gaussian,
  getOrThrow,
  matmul,
  mul,
  normal,
  objective,
  reshape,
  scale,
  zeros,
} from "../../mod.ts";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";

const regression = objective({
  parameters: { w: normal([5, 3], 0.5), b: zeros([3]), g: 0.5 },
  batch: { x: [8, 5], y: [8, 3] },
  outputs: ({ w, b, g }, { x }) =>
    mul(add(matmul(x, w), broadcastTo(reshape(b, [1, 3]), [8, 3])), exp(g)),
  likelihood: gaussian("y"),
});
const data = {
  x: Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  y: Array.from({ length: 24 }, (_, i) => Math.cos(i)),
};
// Every element of θ is a choice whose one side needs the norm, and so the sums of all elements.
const gated = accumulate(2, chain(clipByGlobalNorm(0.5), scale(0.1)));

Deno.test("compilePlan() writes a sum once, however many gated elements use it", () => {
  const program = getOrThrow(lower(regression, gated));
  const plan = getOrThrow(
    compilePlan(program, { replicas: 1, target: "wgsl", adapter: DEFAULT_ADAPTER }),
  );
  for (const { label, source } of plan.kernels) {
    const loops = source.split("loop {").length - 1;
    // 19 elements, one of them a sum of two loops.
    assert(loops <= 20 && source.length < 20_000, `${label}: ${loops} loops`);
  }
});

Deno.test("a gate round a norm of sums gives the numbers of the reference", async () => {
  const after = async (backend: "js" | "reference") => {
    using run = getOrThrow(await compile(regression, gated, { backend, data, seed: 3 })());
    run.step(5);
    return { theta: await run.flatParameters(), losses: await run.losses() };
  };
  const [js, reference] = [await after("js"), await after("reference")];
  assertEquals(js.losses.length, 5);
  js.theta.forEach((x, i) => assert(Math.abs(x - reference.theta[i]!) < 1e-6));
});
