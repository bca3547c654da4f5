import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { compileMeter, type CompileProgress } from "../../src/runtime/compile_progress.ts";
import { wrapDevice } from "../../src/runtime/device.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { pipelineOf, recent } from "../../src/runtime/pipelines.ts";
import { webgpuExecutor } from "../../src/runtime/webgpu_executor.ts";
import { assert, assertEquals } from "../_assert.ts";
import { ignore, watched, withDevice } from "./_device.ts";
import { rosenbrock } from "./_objectives.ts";
import { decayPlan } from "./_plan.ts";

Deno.test("compileMeter() is silent for a second, and about the end of what took no longer", () => {
  let time = 500;
  const told: CompileProgress[] = [];
  const meter = compileMeter((progress) => told.push(progress), () => time);
  time += 999;
  meter("planning", 0, 2);
  time += 1;
  meter("driver", 2, 2);
  meter("pipelines", 1, 3);
  time += 1500;
  meter("driver", 2, 3);
  meter("driver", 3, 3);
  assertEquals(told, [
    { stage: "pipelines", done: 1, total: 3, seconds: 1 },
    { stage: "driver", done: 2, total: 3, seconds: 2.5 },
    { stage: "driver", done: 3, total: 3, seconds: 2.5 },
  ]);
});

Deno.test("compilePlan() tells of every part before it begins", () => {
  const told: string[] = [];
  const program = getOrThrow(lower(rosenbrock as AnyObjective, sgd()));
  getOrThrow(compilePlan(program, {
    replicas: 1,
    target: "wgsl",
    adapter: DEFAULT_ADAPTER,
    progress: (done, total) => told.push(`${done}/${total}`),
  }));
  assertEquals(told, told.map((_, i) => `${i}/${told.length}`));
  assert(told.length >= 2);
});

Deno.test("recent() forgets what was used longest ago", () => {
  const kept = recent<number>(2);
  kept.set("a", 1);
  kept.set("b", 2);
  assertEquals(kept.get("a"), 1);
  kept.set("c", 3);
  assertEquals([kept.get("a"), kept.get("b"), kept.get("c")], [1, undefined, 3]);
  kept.delete("a");
  assertEquals(kept.get("a"), undefined);
});

Deno.test({
  name: "webgpuExecutor() tells of pipelines and of the driver, and comes back when both are done",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const plan = decayPlan("wgsl", 1), told: string[] = [];
      const handle = wrapDevice(device);
      const start = () =>
        webgpuExecutor(handle, plan, new Map(), undefined, (stage) => told.push(stage));
      (await start()).dispose();
      const kernels = plan.kernels.length;
      const stages = (driver: number) => [
        ...Array.from({ length: kernels }, () => "pipelines"),
        ...Array.from({ length: driver }, () => "driver"),
      ];
      assertEquals(told.splice(0), stages(kernels));
      const uses = plan.kernels[0]!.bindings.map(({ access, buffer }) => ({
        access,
        dynamic: plan.buffers[buffer]!.kind !== "device",
      }));
      let warm = false;
      void (await pipelineOf(device, plan.kernels[0]!, uses)).warm!.then(() => warm = true);
      // What is over by now needs no turn of the event loop.
      await Promise.resolve();
      assert(warm);
      (await start()).dispose();
      assertEquals(told, stages(0), "what is warm is not compiled again");
      handle.release();
    }),
});

Deno.test({
  name: "compile() makes no pipeline for a program whose kernels the device has",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const { handle, counts } = watched(device);
      const run = async (learningRate: number): Promise<readonly number[]> => {
        counts.clear();
        const compiled = compile(rosenbrock, sgd({ learningRate }), { device: handle });
        using program = getOrThrow(await compiled());
        program.step(1);
        await program.settled();
        return ["createShaderModule", "createComputePipelineAsync"].map((n) => counts.get(n) ?? 0);
      };
      const [modules, pipelines] = await run(0.1);
      assert(modules! > 0 && pipelines === modules);
      // The first program is gone; another rate is a number in a buffer and not in the text.
      assertEquals(await run(0.2), [0, 0]);
      handle.release();
    }),
});
