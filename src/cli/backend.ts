/**
 * Where programs run, and what to say where there is no GPU adapter.
 *
 * @module
 */
import type { Backend } from "../training/options.ts";

/** The words of `--backend`. */
export const BACKENDS: readonly Backend[] = ["auto", "webgpu", "js", "reference"];

const INSTALL: Readonly<Record<string, string>> = {
  linux: "A software adapter: sudo apt-get install mesa-vulkan-drivers (Debian, Ubuntu), " +
    "mesa-vulkan-drivers (Fedora), vulkan-swrast (Arch). A GPU: its Vulkan driver.",
  darwin: "Every Mac since 2012 has one (Metal); it may be hidden from a virtual machine.",
  windows: "Install the driver of the graphics card (Direct3D 12 or Vulkan).",
};

/** Lines for a person where `auto` will not find a GPU adapter; none where it will. */
export async function noAdapterNotice(backend: Backend): Promise<readonly string[]> {
  if (backend !== "auto") return [];
  const adapter = await navigator.gpu?.requestAdapter();
  if (adapter !== null && adapter !== undefined) return [];
  return [
    "No WebGPU adapter: this runs on the CPU in JavaScript, which is slower.",
    INSTALL[Deno.build.os] ?? "Install a Vulkan driver.",
  ];
}
