/** Where something is measured. */

/** A machine, what runs on it, and how busy it is. */
export interface Place {
  readonly machine: string;
  readonly adapter: string;
  readonly driver: string;
  readonly deno: string;
  /** Processes that wanted a processor when it began, over the last minute. */
  readonly load: number;
}

async function machine(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = /^model name\s*:\s*(.*)$/m.exec(text)?.[1]?.trim() ?? Deno.build.arch;
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
    machine: await machine(),
    adapter: description || vendor || "no adapter",
    driver: await driver(),
    deno: Deno.version.deno,
    load: Number(Deno.loadavg()[0]!.toPrecision(3)),
  };
}
