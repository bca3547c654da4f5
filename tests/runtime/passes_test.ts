/** Copies that a device cannot bind at once: in passes they are what they would be together. */
import * as E from "fp-ts/lib/Either.js";
import { visitCommands } from "../../src/compiler/plan.ts";
import { digits } from "../../src/data/digits.ts";
import { mlp } from "../../src/nn/models.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import type { CompileOptions } from "../../src/runtime/options.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { deviceBatches } from "../../src/training/batches.ts";
import { minimize } from "../../src/training/minimize.ts";
import { train } from "../../src/training/train.ts";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "../_assert.ts";
import { backends } from "./_device.ts";
import { regression, regressionData, rosenbrock } from "./_objectives.ts";

const REPLICAS = 5, STEPS = 70;
/** Of the outputs, 480 bytes a copy: two copies fit. */
const limits = { maxBindingBytes: 1024 };
const w = Array.from({ length: REPLICAS * 15 }, (_, i) => Math.sin(i));
const rates = [0.1, 0.05, 0.02, 0.01, 0.005];

for (const { backend, ignore } of backends) {
  // The oracle knows no limits.
  if (backend === "reference") continue;
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `compile() on ${backend} ${what}`, ignore, fn });

  const program = async (options: CompileOptions): Promise<Program> => {
    const compiled = await compile(regression, adam(), {
      backend,
      replicas: REPLICAS,
      parameters: { w },
      data: regressionData,
      telemetry: ["gradientNorm"],
      ...options,
    })();
    const running = getOrThrow(compiled);
    getOrThrow(running.set({ "1/scale/by": options.replicas === 1 ? rates[4]! : rates }));
    return running as unknown as Program;
  };
  const everything = async (of: Program) => ({
    parameters: await of.flatParameters(),
    records: await of.records(0, of.steps),
    last: await of.replica(of.replicas - 1).parameters(),
    values: await of.replica(of.replicas - 1).values(),
  });

  test("runs copies in passes where they do not fit, each with its own bits", async () => {
    using together = await program({});
    using inPasses = await program({ limits });
    assertEquals([together.plan?.replicas, inPasses.plan?.replicas], [REPLICAS, 2]);
    assert(inPasses.plan?.buffers.every(({ words }) => words * 4 <= limits.maxBindingBytes));
    assertEquals([inPasses.replicas, inPasses.steps], [REPLICAS, 0]);
    for (const each of [together, inPasses]) each.step(STEPS);
    const found = await everything(inPasses);
    assertEquals(found, await everything(together));
    // The copy that fills the last pass with one that is forgotten.
    using alone = await program({ replicas: 1, parameters: { w: w.slice(-15) } });
    alone.step(STEPS);
    assertEquals(found.parameters.slice(-15), await alone.flatParameters());
    assertEquals(await inPasses.replica(4).losses(), await alone.losses());
  });

  test("saves what it runs in passes, and restores it together or in other passes", async () => {
    using inPasses = await program({ limits });
    inPasses.step(9);
    const saved = await inPasses.save();
    inPasses.step(9);
    const expected = await inPasses.flatParameters();
    for (const options of [{}, { limits: { maxBindingBytes: 1500 } }]) {
      using other = await program(options);
      other.step(3);
      assert(E.isRight(await other.restore(saved)));
      other.step(9);
      assertEquals([other.steps, await other.flatParameters()], [18, expected]);
    }
  });

  test("says `limit` where not even one copy fits", async () => {
    const options = {
      backend,
      replicas: 2,
      data: regressionData,
      limits: { maxBindingBytes: 256 },
    };
    const refused = await compile(regression, adam(), options)();
    assert(E.isLeft(refused));
    assertEquals(refused.left.kind, "limit");
    assertStringIncludes(refused.left.message, "at most 256 bytes");
  });

  test("counts the workgroups of a dispatch before the device does", async () => {
    const start = async (limits: NonNullable<CompileOptions["limits"]>) =>
      getOrThrow(await compile(rosenbrock, adam(), { backend, replicas: 1000, limits })());
    using passes = await start({ maxWorkgroups: 3 });
    using free = await start({});
    passes.plan?.regions.forEach(({ commands }) =>
      visitCommands(commands, (command) => {
        assert(command.kind === "copy" || Math.max(...command.workgroups) <= 3);
      })
    );
    assert((passes.plan?.replicas ?? 0) < 1000);
    for (const each of [passes, free]) each.step(5);
    assertEquals(await passes.flatParameters(), await free.flatParameters());
  });

  test("stops each copy at its own step, in passes too", async () => {
    const parameters = { x: [-3, 2, 0.5, -1, 1.5], y: [-4, 2, 0, 1, 1.4] };
    const options = { backend, replicas: REPLICAS, parameters, until: 0.5, maxSteps: 60 } as const;
    const optimizer = nasgd({ alpha: 1.6 });
    const free = await minimize(rosenbrock, optimizer, options);
    const inPasses = await minimize(rosenbrock, optimizer, {
      ...options,
      limits: { maxBindingBytes: 64 },
    });
    const steps = [0, 1, 2, 3, 4].map((r) => free.replica(r).steps);
    assert(new Set(steps).size > 2, `${steps}`);
    for (let r = 0; r < REPLICAS; r++) {
      assertEquals(inPasses.replica(r), free.replica(r));
      const alone = await minimize(rosenbrock, optimizer, {
        ...options,
        replicas: 1,
        parameters: { x: parameters.x[r]!, y: parameters.y[r]! },
      });
      assertEquals(alone.replica(0), free.replica(r));
    }
  });

  test("reads one data set in every pass", async () => {
    const count = 80;
    const batches = deviceBatches({
      columns: {
        x: { kind: "numbers", values: Float32Array.from({ length: 5 * count }, (_, i) => i % 7) },
        y: { kind: "bytes", values: Uint8Array.from({ length: count }, (_, i) => i % 3) },
      },
      count,
      batchSize: 40,
      order: "sequential",
    });
    const data = { transform: batches.transform, data: Object.fromEntries(batches.data) };
    using together = await program(data);
    using inPasses = await program({ ...data, limits: { maxBindingBytes: 1600 } });
    assertEquals(inPasses.plan?.replicas, 3);
    for (const each of [together, inPasses]) each.step(5);
    // Sums of the batch have as many parts as suits the number of copies.
    const numbers = async (of: Program) => [
      ...await of.flatParameters(),
      ...(await Promise.all([0, 2, 4].map((r) => of.replica(r).losses()))).flatMap((l) => [...l]),
    ];
    const found = await numbers(inPasses), expected = await numbers(together);
    assertEquals(found.length, REPLICAS * 15 + 3 * 5);
    assertEquals(found.length, expected.length);
    found.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-5));
  });

  if (backend !== "js") continue;
  test("trains one copy after the other where a model is large", async () => {
    const options = {
      backend,
      model: mlp({ input: [1, 28, 28], classes: 10, hidden: [16] }),
      data: digits({ train: 60, test: 20 }),
      optimizer: nasgd({ alpha: 0.5 }),
      batchSize: 20,
    } as const;
    // θ of one copy has 51 kB, a batch 63 kB.
    const seeds = [3, 8, 5];
    const both = await train({
      ...options,
      seed: seeds,
      replicas: 3,
      limits: { maxBindingBytes: 64_000 },
    });
    for (const [r, seed] of seeds.entries()) {
      const alone = await train({ ...options, seed });
      const { parameters, telemetry, metrics } = both.replica(r);
      assertEquals(parameters, alone.parameters);
      assertEquals(telemetry, alone.telemetry);
      assertEquals(metrics, alone.metrics);
    }
  });
}
