/**
 * A WebGPU device whose errors are collected instead of lost, shared by the programs of a process.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import { FUNCTION, isRecord, optionIssues, refuse, type Rules } from "../errors/options.ts";
import { show } from "../errors/words.ts";

/** A device with its collected errors; whoever retains it releases it once. */
export interface DeviceHandle {
  /** The device. */
  readonly device: GPUDevice;
  /** What the adapter calls itself. */
  readonly description: string;
  /** Whether the adapter is a CPU driver. */
  readonly software: boolean;
  /** The errors that arrived since the last call, or the loss of the device; `undefined` if none. */
  takeErrors(): SteepestError | undefined;
  /** One more user. */
  retain(): DeviceHandle;
  /** One user less; the last one destroys the device if this handle owns it. */
  release(): void;
}

/** Limits worth more than the defaults of WebGPU; each is lowered to what the adapter has. */
const WISHES = {
  maxStorageBuffersPerShaderStage: 16,
  maxStorageBufferBindingSize: 2 ** 31 - 4,
  maxBufferSize: 2 ** 31 - 4,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupStorageSize: 32768,
  // Each window is a uniform buffer.
  maxUniformBuffersPerShaderStage: 16,
} as const;

function requiredLimits(limits: GPUSupportedLimits): Record<string, number> {
  const wanted: Record<string, number> = {};
  for (const name of Object.keys(WISHES) as (keyof typeof WISHES)[]) {
    wanted[name] = Math.min(WISHES[name], limits[name]);
  }
  return wanted;
}

/** How `wrapDevice` treats a device. */
export interface WrapOptions {
  /**
   * What the adapter calls itself.
   *
   * @default "injected device"
   */
  readonly description?: string;
  /**
   * Whether the adapter is a CPU driver.
   *
   * @default false
   */
  readonly software?: boolean;
  /**
   * Destroy the device with its last user.
   *
   * @default false
   */
  readonly owned?: boolean;
  /**
   * Called once, when the last user has released an owned device or the device is lost.
   *
   * @default nothing
   */
  readonly onEnd?: () => void;
}

const RULES: Rules<WrapOptions> = {
  description: [(x) => typeof x === "string", "a text"],
  software: [(x) => typeof x === "boolean", "true or false"],
  owned: [(x) => typeof x === "boolean", "true or false"],
  onEnd: FUNCTION,
};

/** Wraps a device, for instance one that a test watches; it stays the caller's unless `owned`. */
export function wrapDevice(device: GPUDevice, options: WrapOptions = {}): DeviceHandle {
  if (!isRecord(device as unknown) || !("lost" in device) || !("addEventListener" in device)) {
    throw failure("description", "device", show(device), "a GPUDevice");
  }
  refuse(optionIssues("wrapDevice", options, RULES));
  const issues: Issue[] = [];
  let lost: Issue | undefined;
  let users = 1;
  let ended = false;
  const collect = (event: Event) => {
    const { error } = event as Event & { readonly error: { readonly message: string } };
    issues.push(issue("device", error.message, "a valid WebGPU operation", error.message));
  };
  const end = () => {
    if (ended) return;
    ended = true;
    device.removeEventListener("uncapturederror", collect);
    options.onEnd?.();
  };
  device.addEventListener("uncapturederror", collect);
  device.lost.then((info) => {
    if (!ended) {
      const found = `${info.reason ?? "unknown"}: ${info.message}`;
      lost = issue("device", found, "a working device", `The WebGPU device was lost (${found})`);
    }
    options.onEnd?.();
  });
  const handle: DeviceHandle = {
    device,
    description: options.description ?? "injected device",
    software: options.software ?? false,
    takeErrors() {
      const found = lost === undefined ? issues.splice(0) : [lost, ...issues.splice(0)];
      return found.length === 0 ? undefined : new SteepestError("device", found);
    },
    retain() {
      users++;
      return handle;
    },
    release() {
      if (--users > 0 || options.owned !== true) return;
      end();
      device.destroy();
    },
  };
  return handle;
}

function noAdapter(found: string): SteepestError {
  return failure(
    "device",
    "backend",
    found,
    "a WebGPU adapter",
    `No WebGPU adapter (${found}). Install a GPU driver with Vulkan, Metal or D3D12 support ` +
      "(on Debian or Ubuntu a software adapter: apt-get install mesa-vulkan-drivers), or choose " +
      'backend "js", which needs none.',
  );
}

async function request(): Promise<DeviceHandle> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu === undefined) throw noAdapter("navigator.gpu is missing");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw noAdapter("requestAdapter() gave null");
  const device = await adapter.requestDevice({ requiredLimits: requiredLimits(adapter.limits) });
  const { description, vendor, isFallbackAdapter } = adapter.info as GPUAdapterInfo & {
    readonly isFallbackAdapter?: boolean;
  };
  const name = description !== "" ? description : vendor;
  return wrapDevice(device, {
    description: name,
    software: isFallbackAdapter === true || /llvmpipe|swiftshader|lavapipe/i.test(name),
    owned: true,
    onEnd: () => {
      shared = undefined;
    },
  });
}

let shared: Promise<DeviceHandle> | undefined;

/**
 * The device of this process, requested at the first use and destroyed after the last release.
 * Without an adapter the result is a typed `device` error; falling back is the caller's decision.
 */
export function acquireDevice(): TaskEither<SteepestError, DeviceHandle> {
  return async () => {
    const first = shared === undefined;
    shared ??= request();
    try {
      const handle = await shared;
      return E.right(first ? handle : handle.retain());
    } catch (cause) {
      shared = undefined;
      if (cause instanceof SteepestError) return E.left(cause);
      return E.left(
        new SteepestError("device", noAdapter(String(cause)).issues, { cause }),
      );
    }
  };
}
