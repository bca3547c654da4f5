/**
 * Whole steps. An awaited read costs 11 ms in Deno whatever it reads, so an iteration is many steps
 * and one wait; the name says how many.
 */
import { adam } from "../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../src/optimizer/types.ts";
import { cnnProgram, hasAdapter, updateProgram } from "./_programs.ts";

const ignore = !(await hasAdapter());

for (const [name, optimizer] of [["SGD", sgd()], ["Adam", adam()]] as const) {
  const steps = 20;
  const program = ignore ? undefined : await cnnProgram(optimizer, "webgpu");
  Deno.bench({
    name: `${steps} CNN steps, ${name}, batch 60`,
    group: "CNN on WebGPU",
    baseline: name === "SGD",
    ignore,
    n: 10,
    warmup: 2,
    fn: async () => {
      program?.step(steps);
      await program?.settled();
    },
  });
}

const UPDATES: Readonly<Record<string, Optimizer>> = { SGD: sgd(), Adam: adam(), NaSGD: nasgd() };
const CASES = [10_000, 1_000_000, 4_000_000].flatMap((size) =>
  Object.entries(UPDATES).map(([name, optimizer]) => ({ size, name, optimizer }))
);

for (const { size, name, optimizer } of CASES) {
  const steps = Math.max(2, Math.round(1e7 / Math.max(size, 1e5)));
  const program = ignore ? undefined : await updateProgram(optimizer, size, "webgpu");
  Deno.bench({
    name: `${steps} updates of ${size} parameters, ${name}`,
    group: `updates of ${size} on WebGPU`,
    ignore,
    n: 10,
    warmup: 2,
    fn: async () => {
      program?.step(steps);
      await program?.settled();
    },
  });
}

const fallback = await updateProgram(adam(), 10_000, "js");
Deno.bench({
  name: "100 updates of 10000 parameters, Adam",
  group: "elementwise in JavaScript",
  fn: () => fallback.step(100),
});
