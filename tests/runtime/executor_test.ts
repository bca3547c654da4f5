import { assert, assertEquals, assertRejects, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Overrides } from "../../src/runtime/initial.ts";
import { jsExecutor } from "../../src/runtime/js_executor.ts";
import { webgpuExecutor } from "../../src/runtime/webgpu_executor.ts";
import { ignore, watched, withDevice } from "./_device.ts";
import { decay, decayPlan } from "./_plan.ts";

interface Target {
  readonly name: string;
  readonly ignore: boolean;
  run(
    replicas: number,
    body: (executor: Executor) => Promise<void>,
    overrides?: Overrides,
  ): Promise<void>;
}

const targets: readonly Target[] = [
  {
    name: "jsExecutor()",
    ignore: false,
    async run(replicas, body, overrides) {
      const executor = jsExecutor(decayPlan("js", replicas), overrides);
      await body(executor);
      executor.dispose();
    },
  },
  {
    name: "webgpuExecutor()",
    ignore,
    run: (replicas, body, overrides) =>
      withDevice(async (handle) => {
        const executor = await webgpuExecutor(handle, decayPlan("wgsl", replicas), overrides);
        await body(executor);
        executor.dispose();
        executor.dispose();
      }),
  },
];

for (const { name, ignore, run } of targets) {
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} ${what}`, ignore, fn });

  test("runs steps with host state, hyperparameters and replicas", () =>
    run(2, async (executor) => {
      executor.write("alpha", [0.5, 0.25]);
      executor.step(5);
      executor.step(2);
      const [a, b] = [decay(0.5, 7), decay(0.25, 7)];
      assertEquals(await executor.read("theta"), Float64Array.from([...a.theta, ...b.theta]));
      const records = await executor.records(0, 7);
      const losses = a.losses.flatMap((x, i) => [x, b.losses[i]!]);
      assertEquals(records.get("loss"), Float64Array.from(losses));
      assertEquals(executor.steps, 7);
    }));

  test("fires a region at its period only", () =>
    run(1, async (executor) => {
      executor.step(1);
      assertEquals(await executor.read("copied"), Float64Array.of(0, 0, 0));
      executor.step(3);
      assertEquals(await executor.read("copied"), Float64Array.from(decay(0.5, 2).theta));
      executor.step(1);
      assertEquals(await executor.read("copied"), Float64Array.from(decay(0.5, 5).theta));
    }));

  test("advances host state at its period only", () =>
    run(2, async (executor) => {
      executor.step(5);
      assertEquals(await executor.read("n"), Float64Array.of(502, 502));
    }));

  test("keeps records in order when they are read in uneven pieces", () =>
    run(1, async (executor) => {
      executor.write("alpha", [0.001]);
      const { losses } = decay(0.001, 1300);
      let from = 0;
      for (const to of [300, 301, 640, 1300]) {
        executor.step(to - from);
        const rows = (await executor.records(from, to)).get("loss")!;
        assertEquals(rows, Float64Array.from(losses.slice(from, to)));
        from = to;
      }
    }));

  test("keeps every record when the ring wraps many times within one call", () =>
    run(3, async (executor) => {
      executor.write("alpha", [0.001]);
      executor.step(3001);
      const { losses } = decay(0.001, 3001);
      const records = await executor.records(0, 3001);
      assertEquals(
        records.get("loss")!.filter((_, i) => i % 3 === 2),
        Float64Array.from(losses),
      );
      assertEquals((await executor.records(2999, 3001)).get("loss")!.length, 6);
    }));

  test("applies a write between two queued runs of steps in order", () =>
    run(1, async (executor) => {
      executor.step(2000);
      executor.write("theta", [1, 2, 3]);
      executor.write("s", [0]);
      executor.step(4);
      assertEquals(await executor.read("theta"), Float64Array.from(decay(0.5, 4).theta));
    }));

  test("continues bit for bit after seek() and the slots of another run", () =>
    run(1, (first) =>
      run(1, async (second) => {
        first.step(11);
        const kept = await Promise.all(
          first.slots.map(async (s) => [s, await first.read(s)] as const),
        );
        for (const [slot, values] of kept) second.write(slot, values);
        second.seek(11);
        first.step(6);
        second.step(6);
        for (const slot of first.slots) {
          assertEquals(await second.read(slot), await first.read(slot), slot);
        }
        assertEquals(await second.records(11, 17), await first.records(11, 17));
        await assertRejects(() => second.records(0, 11), SteepestError, "steps 0 to 11");
      })));

  test("starts from given values and the constants of the plan", () =>
    run(2, async (executor) => {
      assertEquals(await executor.read("shared"), Float64Array.of(6, 5, 4));
      assertEquals(await executor.read("theta"), Float64Array.of(4, 5, 6, 7, 8, 9));
    }, new Map([["theta", [4, 5, 6, 7, 8, 9]]])));

  test("refuses unknown slots, wrong sizes and use after dispose", () =>
    run(2, async (executor) => {
      await assertRejects(() => executor.read("phi"), SteepestError, "theta, copied");
      assertThrows(() => executor.write("theta", [1]), SteepestError, "3 values, or 6");
      executor.dispose();
      assertThrows(() => executor.step(1), SteepestError, "disposed");
      assertThrows(() => executor.write("theta", [1, 2, 3]), SteepestError, "disposed");
      await assertRejects(() => executor.read("theta"), SteepestError, "disposed");
      await assertRejects(() => executor.settled(), SteepestError, "disposed");
    }));
}

Deno.test({
  name: "webgpuExecutor() creates no GPU object per step",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const { handle, counts } = watched(device);
      const executor = await webgpuExecutor(handle, decayPlan("wgsl", 2));
      await executor.settled();
      counts.clear();
      executor.step(100);
      await executor.settled();
      executor.step(2000);
      await executor.settled();
      counts.delete("createCommandEncoder");
      assertEquals([...counts.keys()].filter((k) => k.startsWith("create")), []);
      executor.dispose();
    }),
});

Deno.test({
  name: "webgpuExecutor() keeps every record when rows are so wide that the ring is short",
  ignore,
  fn: () =>
    withDevice(async (handle) => {
      const replicas = 20_000;
      const executor = await webgpuExecutor(handle, decayPlan("wgsl", replicas));
      executor.write("alpha", [0.01]);
      executor.step(230);
      const { losses } = decay(0.01, 230);
      const rows = (await executor.records(0, 230)).get("loss")!;
      assertEquals(
        rows.filter((_, i) => i % replicas === replicas - 1),
        Float64Array.from(losses),
      );
      executor.dispose();
    }),
});

Deno.test({
  name: "webgpuExecutor() forgets queued steps when cancelled",
  ignore,
  fn: () =>
    withDevice(async (handle) => {
      const executor = await webgpuExecutor(handle, decayPlan("wgsl", 1));
      executor.step(100_000);
      executor.cancel();
      assert(executor.steps < 100_000);
      await executor.settled();
      const rows = (await executor.records(0, executor.steps)).get("loss")!;
      assertEquals(rows.length, executor.steps);
      executor.dispose();
    }),
});
