/** Measures one row in this process and prints its result as JSON: `_row.ts FILE`. */
import { type Row, Skipped } from "./_measure.ts";
import { type Place, resultOf } from "./_result.ts";

/** What the process says of a row. */
export type Said =
  | { readonly kind: "measured"; readonly result: ReturnType<typeof resultOf> }
  | { readonly kind: "skipped"; readonly row: string; readonly reason: string };

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

async function place(): Promise<Place> {
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

async function measured(file: string): Promise<Said> {
  const { row } = await import(new URL(file, import.meta.url).href) as { readonly row: Row };
  try {
    const before = await place();
    const ratio = await row.measure();
    return { kind: "measured", result: resultOf(file, row, ratio, before, new Date()) };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return { kind: "skipped", row: row.name, reason: error.message };
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await measured(Deno.args[0]!)));
  // What a row leaves open must not keep the process.
  Deno.exit(0);
}
