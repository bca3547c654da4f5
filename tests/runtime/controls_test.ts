/** Hyperparameters read and changed while a program runs. */
import * as E from "fp-ts/lib/Either.js";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { adahessian } from "../../src/optimizer/catalogue/adahessian.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { cosineDecay, linear, type Schedule } from "../../src/optimizer/schedule.ts";
import { scheduleAt } from "../../src/optimizer/schedule_at.ts";
import { plateau } from "../../src/optimizer/signal.ts";
import { ema, scale, trace } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { all } from "../../src/optimizer/predicate.ts";
import { partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { compile } from "../../src/runtime/compile.ts";
import type { CompileOptions } from "../../src/runtime/options.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import { leavesOut } from "../catalogue/_suite.ts";
import { backends, ignore, watched, withDevice } from "./_device.ts";
import { regression, regressionData, rosenbrock } from "./_objectives.ts";

const decay = cosineDecay({ from: 1e-4, steps: 20 });
const ramp = linear({ from: 2e-4, to: 1e-5, steps: 30 });

async function program(optimizer: Optimizer, options: CompileOptions<never>): Promise<Program> {
  return getOrThrow(await compile(rosenbrock, optimizer, options)());
}

/** The rates that a program takes from `set` on, by the length of its steps: SGD's step is rate·g. */
async function rates(running: Program, n: number): Promise<number[]> {
  const from = running.steps;
  running.step(n);
  const rows = await running.records(from, from + n);
  return [...rows.get("record/learningRate")!];
}

for (const { backend, ignore } of backends) {
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `a program on ${backend} ${what}`, ignore, fn });

  test("takes a schedule for a number, another schedule for it, and a number again", async () => {
    using running = getOrThrow(
      await compile(rosenbrock, scale(1e-4), { backend, telemetry: ["learningRate"] })(),
    );
    const expected = (value: number | Schedule, steps: readonly number[]) =>
      steps.map((t) => Math.fround(scheduleAt(value, t)));
    const near = (found: readonly number[], wanted: readonly number[]) =>
      found.forEach((x, i) => assertAlmostEquals(x, wanted[i]!, 1e-10));
    near(await rates(running, 2), [1e-4, 1e-4]);
    getOrThrow(running.set({ "scale/by": ramp }));
    near(await rates(running, 3), expected(ramp, [2, 3, 4]));
    getOrThrow(running.set({ "scale/by": decay, "scale/by/from": 3e-4 }));
    near(await rates(running, 2), expected({ ...decay, from: 3e-4 }, [5, 6]));
    getOrThrow(running.set({ "scale/by/steps": 9 }));
    near(await rates(running, 3), expected({ ...decay, from: 3e-4, steps: 9 }, [7, 8, 9]));
    getOrThrow(running.set({ "scale/by": 5e-5 }));
    near(await rates(running, 2), [5e-5, 5e-5]);
    const gone = running.set({ "scale/by/from": 1 });
    assert(E.isLeft(gone));
    assertEquals(gone.left.issues[0]!.expected, "one of scale/by");
  });

  test("goes on with a schedule that was set as with one that was compiled", async () => {
    const options = { backend, data: regressionData };
    const start = adam({ learningRate: 0.05 });
    const rate = cosineDecay({ from: 0.05, steps: 40, warmup: 3 });
    using set = getOrThrow(await compile(regression, start, options)());
    using compiled = getOrThrow(await compile(regression, adam({ learningRate: rate }), options)());
    getOrThrow(set.set({ "1/scale/by": rate, "0/curvature/direction/ema/decay": ramp }));
    getOrThrow(compiled.set({ "0/curvature/direction/ema/decay": ramp }));
    set.step(20);
    compiled.step(20);
    assertEquals(await set.parameters(), await compiled.parameters());
    assertEquals(await set.values(), await compiled.values());
  });

  test("tells what the next step uses, with its kind and for each replica", async () => {
    using running = await program(chain(ema({ decay: 0.9 }), scale(decay)), {
      backend,
      replicas: 2,
    });
    getOrThrow(running.set({ "0/ema/decay": [0.5, 0.25], "1/scale/by/from": [1e-4, 2e-4] }));
    running.step(7);
    const at = (from: number) => scheduleAt({ ...decay, from }, 7);
    const [first, second] = [await running.values(), await running.replica(1).values()];
    assertEquals(Object.keys(first), [
      "0/ema/decay",
      "1/scale/by",
      "1/scale/by/from",
      "1/scale/by/steps",
      "1/scale/by/to",
      "1/scale/by/warmup",
    ]);
    assertEquals(first["0/ema/decay"], { kind: "number", value: 0.5 });
    assertEquals(second["0/ema/decay"], { kind: "number", value: 0.25 });
    assertEquals(first["1/scale/by"]!.kind, "cosineDecay");
    assertAlmostEquals(first["1/scale/by"]!.value!, at(1e-4), 1e-15);
    assertAlmostEquals(second["1/scale/by"]!.value!, at(2e-4), 1e-15);
  });

  test("counts the steps of a gate, and refuses there what would need other kernels", async () => {
    // A rate that is much too large: the loss overflows, and the gate stays shut from then on.
    const inside = skipNonFinite(chain(scale(plateau({ from: 1e20 })), scale(ramp)));
    using running = await program(inside, { backend });
    running.step(4);
    const values = await running.values();
    assertEquals(values["skipNonFinite/0/scale/by"], { kind: "plateau" });
    const skipped = (await running.telemetry())["skipNonFinite/skipped"]!;
    const taken = skipped.filter((x) => x === 0).length;
    assert(taken > 0 && taken < 4, `${taken} steps were taken`);
    assertEquals(values["skipNonFinite/1/scale/by"]!.kind, "linear");
    assertAlmostEquals(
      values["skipNonFinite/1/scale/by"]!.value!,
      scheduleAt(ramp, taken),
      1e-9,
    );
    for (const path of ["skipNonFinite/0/scale/by", "skipNonFinite/1/scale/by"]) {
      for (const value of [1, decay]) {
        const refused = running.set({ [path]: value });
        assert(E.isLeft(refused), path);
        assertEquals(refused.left.kind, "need");
        assertEquals(refused.left.issues.map((i) => i.path), [path]);
      }
    }
    getOrThrow(running.set({ "skipNonFinite/1/scale/by/from": 1e-5 }));
  });

  test("says why a value that the description has cannot be set", async () => {
    // Every parameter goes to the part, none to the rest.
    const optimizer = partition([{ where: all(), of: adahessian() }], sgd());
    using running = await program(optimizer, { backend });
    const wrong = running.set({
      "partition/rest/scale/by": 0.1,
      "partition/parts/0/0/curvature/every/sample": 5,
      "partition/parts/0/0/curvature/structure/average": 1,
      "partition/nothing": 1,
    });
    assert(E.isLeft(wrong));
    assertEquals(wrong.left.issues.map((i) => i.found), [
      "a value that no step reads, as its part of a partition gets no parameters",
      "a rhythm, which is compiled in",
      "a structural value, which is compiled in",
      "no such hyperparameter",
    ]);
  });

  test("names everything that is wrong, and then changes nothing", async () => {
    using running = await program(chain(trace({ decay: 0.9 }), scale(1e-4)), { backend });
    const wrong = running.set({
      "0/trace/decay": linear({ from: 0.5, to: 1.5, steps: 3 }),
      "1/scale/by": { ...decay, steps: 0.5 },
      "1/scale/bye": decay,
      "1/scale": 1,
    });
    assert(E.isLeft(wrong));
    assertEquals(wrong.left.kind, "description");
    assertEquals(wrong.left.issues.map((i) => i.path), [
      "0/trace/decay",
      "1/scale/by",
      "1/scale/bye",
      "1/scale",
    ]);
    getOrThrow(running.set({ "0/trace/decay": linear({ from: 0.5, to: 0.9, steps: 3 }) }));
    const inner = running.set({ "0/trace/decay/to": 1.5, "1/scale/by": 1 });
    assertEquals(E.isLeft(inner) && inner.left.issues.map((i) => i.path), ["0/trace/decay/to"]);
    assertEquals((await running.values())["1/scale/by"], { kind: "number", value: 1e-4 });
  });

  test("continues bit for bit after save() and restore() with changed kinds", async () => {
    const options = { backend, data: regressionData, replicas: 2 };
    const optimizer = adam({ learningRate: cosineDecay({ from: 0.05, steps: 40 }) });
    using first = getOrThrow(await compile(regression, optimizer, options)());
    using second = getOrThrow(await compile(regression, optimizer, options)());
    first.step(3);
    const before = await first.save();
    getOrThrow(first.set({ "1/scale/by": linear({ from: 0.1, to: 0.01, steps: 9 }) }));
    getOrThrow(first.set({ "1/scale/by/to": [0.02, 0.03], "0/curvature/damping/0/eps": ramp }));
    first.step(2);
    const bytes = await first.save();
    getOrThrow(await second.restore(bytes));
    first.step(5);
    second.step(5);
    assertEquals(await second.parameters(), await first.parameters());
    assertEquals(await second.replica(1).values(), await first.replica(1).values());
    assertEquals(await second.save(), await first.save());
    // And back to the kinds that it was compiled with.
    getOrThrow(await second.restore(before));
    assertEquals((await second.values())["1/scale/by"]!.kind, "cosineDecay");
    assertEquals(await second.save(), before);
  });
}

Deno.test({
  name: "set() on webgpu compiles nothing when it changes the kind of a value",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const { handle, counts } = watched(device);
      const optimizer = adam({ learningRate: 1e-3 });
      using running = await program(optimizer, { device: handle });
      running.step(3);
      await running.settled();
      counts.clear();
      getOrThrow(running.set({ "1/scale/by": decay, "0/curvature/direction/ema/decay": ramp }));
      running.step(3);
      getOrThrow(running.set({ "1/scale/by": 0 }));
      const before = (await running.parameters()).x;
      running.step(3);
      await running.settled();
      assertEquals((await running.parameters()).x, before);
      assertEquals([...counts.keys()].filter((k) => /Shader|Pipeline|BindGroup/.test(k)), []);
    }),
});

Deno.test("values() knows every value of the catalogue, and set() takes it back", async () => {
  let paths = 0;
  for (
    const { name, entry } of Object.entries(catalogue).map(([name, entry]) => ({ name, entry }))
  ) {
    if (leavesOut(entry.build(), regression)) continue;
    const compiled = await compile(regression, entry.build(), {
      backend: "reference",
      data: regressionData,
    })();
    using running = getOrThrow(compiled);
    const values = await running.values();
    for (const [path, { kind, value }] of Object.entries(values)) {
      if (kind !== "number") continue;
      getOrThrow(running.set({ [path]: value! }));
      paths++;
    }
    assertEquals(await running.values(), values, name);
  }
  assert(paths > 60, `${paths}`);
});
