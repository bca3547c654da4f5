import * as E from "fp-ts/lib/Either.js";
import { SteepestError } from "../../src/errors.ts";
import { acquireDevice, wrapDevice } from "../../src/runtime/device.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { webgpuExecutor } from "../../src/runtime/webgpu_executor.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "../_assert.ts";
import { ignore, withDevice } from "./_device.ts";
import { decayPlan } from "./_plan.ts";

Deno.test({
  name: "acquireDevice() shares one device until its last release",
  ignore,
  async fn() {
    const first = getOrThrow(await acquireDevice()());
    const second = getOrThrow(await acquireDevice()());
    assertStrictEquals(second.device, first.device);
    first.release();
    assertEquals(second.takeErrors(), undefined);
    const third = getOrThrow(await acquireDevice()());
    assertStrictEquals(third.device, first.device);
    second.release();
    third.release();
    const fresh = getOrThrow(await acquireDevice()());
    assertNotEquals(fresh.device, first.device);
    fresh.release();
  },
});

Deno.test("acquireDevice() says how to get an adapter when there is none", async () => {
  const given = Object.getOwnPropertyDescriptor(navigator, "gpu");
  const gpu = { requestAdapter: () => Promise.resolve(null) };
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  try {
    const none = await acquireDevice()();
    assert(E.isLeft(none));
    assertEquals(none.left.kind, "device");
    assertStringIncludes(none.left.message, "mesa-vulkan-drivers");
  } finally {
    if (given === undefined) Reflect.deleteProperty(navigator, "gpu");
    else Object.defineProperty(navigator, "gpu", given);
  }
});

Deno.test({
  name: "wrapDevice() collects uncaptured errors, which the next call of an executor throws",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const handle = wrapDevice(device);
      const executor = await webgpuExecutor(handle, decayPlan("wgsl", 1));
      device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
      await new Promise((done) => setTimeout(done, 0));
      const error = assertThrows(() => executor.step(1), SteepestError);
      assertEquals(error.kind, "device");
      await assertRejects(() => executor.settled(), SteepestError);
      executor.dispose();
      handle.release();
    }).catch((error) => {
      // The watching handle of the process has seen the same error.
      assert(error instanceof SteepestError && error.kind === "device");
    }),
});

Deno.test({
  name: "wrapDevice() reports the loss of the device",
  ignore,
  async fn() {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    const handle = wrapDevice(device);
    device.destroy();
    await device.lost;
    await Promise.resolve();
    assertStringIncludes(handle.takeErrors()!.message, "lost");
    assertStringIncludes(handle.takeErrors()!.message, "lost");
  },
});
