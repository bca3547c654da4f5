import type { Kernel } from "../../src/compiler/plan.ts";
import { SteepestError } from "../../src/errors.ts";
import { limitIssues, pipelineOf } from "../../src/runtime/pipelines.ts";
import { takeWords, writeWords } from "../../src/runtime/transfer.ts";
import { webgpuExecutor } from "../../src/runtime/webgpu_executor.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "../_assert.ts";
import { ignore, withDevice } from "./_device.ts";
import { decayPlan } from "./_plan.ts";

const good: Kernel = decayPlan("wgsl", 1).kernels[0]!;
const uses = good.bindings.map(({ access }) => ({ access, dynamic: false }));

Deno.test({
  name: "pipelineOf() gives one pipeline per text and layout",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const first = await pipelineOf(device, good, uses);
      assertStrictEquals(await pipelineOf(device, { ...good, label: "other" }, uses), first);
      const dynamic = uses.map((u) => ({ ...u, dynamic: true }));
      assert(await pipelineOf(device, good, dynamic) !== first);
    }),
});

Deno.test({
  name: "pipelineOf() rejects with kernel, line and message when WGSL is wrong",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const source = good.source.replace("records[r] = theta[r * 3u]", "records[r] = phi");
      const error = await assertRejects(
        () => pipelineOf(device, { ...good, source }, uses),
        SteepestError,
      );
      assertEquals(error.kind, "shader");
      assertEquals(error.issues[0]!.path, "kernels/decay/line 9");
      assertEquals(error.issues[0]!.found, "records[r] = phi;");
      const missing = good.source.replace("fn main", "fn other");
      const second = await assertRejects(
        () => pipelineOf(device, { ...good, source: missing }, uses),
        SteepestError,
        "decay",
      );
      assertEquals(second.kind, "shader");
    }),
});

Deno.test({
  name: "limitIssues() names every limit that a kernel exceeds",
  ignore,
  fn: () =>
    withDevice(({ device }) => {
      const bindings = Array.from({ length: 100 }, () => good.bindings[0]!);
      const found = limitIssues({ ...good, bindings, workgroupSize: 4096 }, device.limits);
      assertEquals(found.map((i) => i.path), ["kernels/decay", "kernels/decay"]);
      assertEquals(found.map((i) => i.found), [
        "4096 invocations per workgroup",
        "100 storage buffers",
      ]);
      return Promise.resolve();
    }),
});

Deno.test({
  name: "webgpuExecutor() rejects with a limit error when a buffer is too large",
  ignore,
  fn: () =>
    withDevice(async (handle) => {
      const plan = decayPlan("wgsl", 1);
      const buffers = plan.buffers.map((b, i) => i === 0 ? { ...b, words: 2 ** 32 } : b);
      const error = await assertRejects(
        () => webgpuExecutor(handle, { ...plan, buffers }),
        SteepestError,
        "buffers/theta",
      );
      assertEquals(error.kind, "limit");
    }),
});

Deno.test({
  name: "writeWords() and takeWords() turn what would end the process into typed errors",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const buffer = device.createBuffer({
        size: 16,
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      writeWords(device, "x", buffer, 0, new Float32Array(0));
      const data = Float32Array.of(1, 2, 3, 4, 5);
      assertThrows(() => writeWords(device, "x", buffer, 0, data), SteepestError, "words 0 to 5");
      assertThrows(() => writeWords(device, "x", buffer, -1, data, 0, 1), SteepestError);
      assertThrows(() => writeWords(device, "x", buffer, 0, data, 3, 3), SteepestError, "3 to 6");
      writeWords(device, "x", buffer, 1, data, 1, 3);
      device.queue.submit([]);
      assertEquals(await takeWords("x", buffer, 4), Float32Array.of(0, 2, 3, 4));
      await assertRejects(() => takeWords("x", buffer, 5), SteepestError, "words 0 to 5");
      buffer.destroy();
      await assertRejects(() => takeWords("x", buffer, 4), SteepestError);
    }),
});
