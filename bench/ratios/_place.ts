/** Where something is measured. */
import { cpus } from "node:os";

/** A machine, what runs on it, and how busy it is. */
export interface Place {
  readonly machine: string;
  readonly adapter: string;
  readonly driver: string;
  readonly deno: string;
  /** Processes that wanted a processor when it began, over the last minute. */
  readonly load: number;
}

function machine(): string {
  const model = cpus()[0]?.model.trim() || Deno.build.arch;
  return `${model}, ${navigator.hardwareConcurrency} processors, ${Deno.build.os}`;
}

/** The version of the driver, where a package manager knows it; WebGPU does not say. */
async function driver(): Promise<string> {
  const status = await Deno.readTextFile("/var/lib/dpkg/status").catch(() => "");
  const mesa = /^Package: mesa-vulkan-drivers$[\s\S]*?^Version: (.*)$/m.exec(status)?.[1];
  return mesa === undefined ? "driver not known" : `Mesa ${mesa}`;
}

/** This machine, now. */
export async function place(): Promise<Place> {
  const adapter = await navigator.gpu?.requestAdapter();
  const { description = "", vendor = "" } = adapter?.info ?? {};
  return {
    machine: machine(),
    adapter: description || vendor || "no adapter",
    driver: await driver(),
    deno: Deno.version.deno,
    load: Number(Deno.loadavg()[0]!.toPrecision(3)),
  };
}
