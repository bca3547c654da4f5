import * as E from "fp-ts/lib/Either.js";
import { describe } from "../../src/compiler/describe.ts";
import { SteepestError } from "../../src/errors.ts";
import { objective } from "../../src/objective/objective.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { cosineDecay } from "../../src/optimizer/schedule.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { square, sum } from "../../src/tensor/ops.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../_assert.ts";
import { backends, ignore, watched, withDevice } from "./_device.ts";
import { regression, regressionData, rosenbrock } from "./_objectives.ts";

for (const { backend, ignore } of backends) {
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `compile() on ${backend} ${what}`, ignore, fn });

  test("runs steps and gives losses, parameters and telemetry", async () => {
    const compiled = await compile(rosenbrock, nasgd({ alpha: 1.6 }), { backend })();
    using program = getOrThrow(compiled);
    program.step(9);
    await program.settled();
    assertEquals(program.steps, 9);
    const losses = await program.losses();
    assertEquals(losses.length, 9);
    assertEquals(losses[0], 16916);
    assert(losses[8]! < 10);
    const { x, y } = await program.parameters();
    assert(Number.isFinite(x) && Number.isFinite(y));
    const telemetry = await program.telemetry();
    assertEquals(telemetry.loss, losses);
    assertEquals(Object.keys(telemetry).length, 3);
  });

  test("agrees with the reference on batches and schedules", async () => {
    const optimizer = adam({ learningRate: cosineDecay({ from: 0.05, steps: 40, warmup: 5 }) });
    const results = [];
    for (const b of [backend, "reference"] as const) {
      const options = { backend: b, data: regressionData };
      using program = getOrThrow(await compile(regression, optimizer, options)());
      program.step(20);
      results.push({ w: (await program.parameters()).w.data, losses: await program.losses() });
    }
    const [found, expected] = results;
    expected!.losses.forEach((l, i) => assertAlmostEquals(found!.losses[i]!, l, 1e-4));
    expected!.w.forEach((w, i) => assertAlmostEquals(found!.w[i]!, w, 1e-3));
  });

  test("keeps replicas apart, each with its own values", async () => {
    const options = { backend, replicas: 3 };
    using program = getOrThrow(await compile(rosenbrock, sgd({ learningRate: 1e-4 }), options)());
    const set = program.set({ "scale/by": [1e-4, 2e-4, 3e-4] });
    const path = E.isLeft(set) ? set.left.issues[0]!.expected : "";
    assertEquals(path, "");
    program.step(4);
    for (const [r, by] of [1e-4, 2e-4, 3e-4].entries()) {
      using solo = getOrThrow(
        await compile(rosenbrock, sgd({ learningRate: by }), { backend })(),
      );
      solo.step(4);
      assertEquals(await program.replica(r).losses(), await solo.losses());
      assertEquals(await program.replica(r).parameters(), await solo.parameters());
    }
    assertThrows(() => program.replica(3), SteepestError, "0 to 2");
  });

  test("refuses to set unknown paths and changes known ones between steps", async () => {
    const optimizer = sgd({ learningRate: cosineDecay({ from: 1e-4, steps: 10 }) });
    using program = getOrThrow(await compile(rosenbrock, optimizer, { backend })());
    const wrong = program.set({ "scale/by/form": 1, "scale/by/from": NaN });
    assert(E.isLeft(wrong));
    assertEquals(wrong.left.issues.map((i) => i.path), ["scale/by/form", "scale/by/from"]);
    assertStringIncludes(wrong.left.issues[0]!.expected, "scale/by/from");
    program.step(1);
    getOrThrow(program.set({ "scale/by/from": 0 }));
    program.step(2);
    const losses = await program.losses();
    assert(losses[1] !== losses[0]);
    assertEquals(losses[2], losses[1]);
  });

  test("continues bit for bit after save() and restore()", async () => {
    const optimizer = adam({ learningRate: cosineDecay({ from: 0.05, steps: 40 }) });
    const options = { backend, data: regressionData };
    using first = getOrThrow(await compile(regression, optimizer, options)());
    using second = getOrThrow(await compile(regression, optimizer, options)());
    first.step(7);
    const bytes = await first.save();
    second.step(2);
    getOrThrow(await second.restore(bytes));
    first.step(5);
    second.step(5);
    assertEquals(await second.parameters(), await first.parameters());
    assertEquals(await second.losses(), (await first.losses()).slice(7));
    assertEquals(second.steps, 12);
    assertEquals(await second.save(), await first.save());

    using other = getOrThrow(await compile(regression, adam(), options)());
    const refused = await other.restore(bytes);
    assert(E.isLeft(refused));
    assertEquals(refused.left.kind, "checkpoint");
    assertEquals(other.steps, 0);
  });

  test("continues what is long from a checkpoint after any number of steps", async () => {
    const bowl = objective({
      parameters: { x: Array.from({ length: 8192 }, (_, i) => Math.sin(i)) },
      loss: ({ x }) => sum(square(x)),
    });
    const start = async () => getOrThrow(await compile(bowl, adam(), { backend })());
    const same = (found: ArrayLike<number>, expected: ArrayLike<number>) =>
      assertEquals(Array.from(found).findIndex((x, i) => x !== expected[i]), -1);
    using straight = await start();
    using first = await start();
    straight.step(6);
    for (const steps of [3, 2]) {
      first.step(steps);
      using second = await start();
      getOrThrow(await second.restore(await first.save()));
      same(await second.flatParameters(), await first.flatParameters());
      second.step(6 - first.steps);
      same(await second.save(), await straight.save());
    }
  });

  test("reports what is missing, cancelled or disposed", async () => {
    const missing = await compile(regression, adam(), { backend, data: { z: [1] } })();
    assert(E.isLeft(missing));
    assertEquals(missing.left.issues.map((i) => i.path), ["data/z", "batch/x", "batch/y"]);

    const abort = new AbortController();
    const program = getOrThrow(
      await compile(rosenbrock, nasgd(), { backend, signal: abort.signal })(),
    );
    program.step(3);
    abort.abort();
    assertEquals(assertThrows(() => program.step(), SteepestError).kind, "cancelled");
    assertEquals((await assertRejects(() => program.settled(), SteepestError)).kind, "cancelled");
    program[Symbol.dispose]();
    program[Symbol.dispose]();
    assertThrows(() => program.step(), SteepestError, "disposed");
    await assertRejects(() => program.losses(), SteepestError, "disposed");
  });

  test("starts from given parameters and seeds", async () => {
    const options = { backend, replicas: 2, parameters: { x: [0, 1], y: 2 } };
    using program = getOrThrow(await compile(rosenbrock, nasgd(), options)());
    assertEquals(await program.replica(0).parameters(), { x: 0, y: 2 });
    assertEquals(await program.replica(1).parameters(), { x: 1, y: 2 });
    const wrong = await compile(rosenbrock, nasgd(), {
      backend,
      parameters: { z: 1, x: [1, 2] },
    })();
    assert(E.isLeft(wrong));
    assertEquals(wrong.left.issues.map((i) => i.path), ["parameters/z", "parameters/x"]);
  });

  test("is described", async () => {
    using program = getOrThrow(await compile(rosenbrock, nasgd(), { backend })());
    const description = describe(program);
    if (backend === "reference") assertEquals(description, undefined);
    else {
      assert(description!.kernels.length > 0);
      assert(description!.dispatchesPerStep > 0);
      assert(description!.kernels.every((k) => k.source.length > 0 && k.dispatches > 0));
    }
  });
}

Deno.test("compile() refuses options that make no sense, all at once", async () => {
  const wrong = await compile(rosenbrock, nasgd(), { precision: "f64", replicas: 0 })();
  assert(E.isLeft(wrong));
  assertEquals(wrong.left.kind, "description");
  assertEquals(wrong.left.issues.map((i) => i.path), ["replicas", "precision"]);
  const seeds = await compile(rosenbrock, nasgd(), { backend: "js", seed: [1, 2.5] })();
  assert(E.isLeft(seeds));
  assertEquals(seeds.left.issues.length, 2);
});

Deno.test({
  name: "compile() on webgpu compiles nothing when a value or a number of a schedule is set",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const { handle, counts } = watched(device);
      const optimizer = chain(
        ema({ decay: 0.9, debias: true }),
        scale(cosineDecay({ from: 1e-4, steps: 100 })),
      );
      using program = getOrThrow(await compile(rosenbrock, optimizer, { device: handle })());
      program.step(3);
      await program.settled();
      counts.clear();
      const before = (await program.parameters()).x;
      getOrThrow(program.set({ "0/ema/decay": 0.5, "1/scale/by/from": 0 }));
      program.step(3);
      await program.settled();
      assertEquals((await program.parameters()).x, before);
      const compiled = [...counts.keys()].filter((k) => /Shader|Pipeline/.test(k));
      assertEquals(compiled, []);
    }),
});
