/** A device for tests, or a printed reason why there is none. */
import type { BackendName } from "../../src/runtime/executor.ts";
import * as E from "fp-ts/lib/Either.js";
import { acquireDevice, wrapDevice } from "../../src/runtime/device.ts";
import type { DeviceHandle } from "../../src/runtime/device.ts";

const probe = await acquireDevice()();
if (E.isLeft(probe)) console.log(`device tests skipped: ${probe.left.message}`);
else probe.right.release();

/** Whether device tests are to be skipped. */
export const ignore: boolean = E.isLeft(probe);

/** Every backend, and whether this machine lacks it. */
export const backends: readonly { readonly backend: BackendName; readonly ignore: boolean }[] = [
  { backend: "reference", ignore: false },
  { backend: "js", ignore: false },
  { backend: "webgpu", ignore },
];

/** Runs `body` with a device, and fails if the device reported an error that nobody took. */
export async function withDevice(body: (handle: DeviceHandle) => Promise<void>): Promise<void> {
  const acquired = await acquireDevice()();
  if (E.isLeft(acquired)) throw acquired.left;
  const handle = acquired.right;
  try {
    await body(handle);
    const error = handle.takeErrors();
    if (error !== undefined) throw error;
  } finally {
    handle.release();
  }
}

/** A handle on the same device that counts the calls of each method. */
export function watched(device: GPUDevice): {
  readonly handle: DeviceHandle;
  readonly counts: Map<string, number>;
} {
  const counts = new Map<string, number>();
  const proxy = new Proxy(device, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]) => {
        counts.set(String(key), (counts.get(String(key)) ?? 0) + 1);
        return value.apply(target, parameters);
      };
    },
  });
  return { handle: wrapDevice(proxy), counts };
}
