/** The generated WGSL under a second implementation of WebGPU, and on a second driver. */
import { assert, assertEquals, assertGreater } from "../_assert.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import type { Report } from "./_catalogue_steps.ts";

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

/** The first of the paths that exists. */
async function first(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path;
  return undefined;
}

const BROWSER = await first([
  ...[Deno.env.get("CHROME_PATH") ?? []].flat(),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]);
const SECOND_DRIVER = await first([
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
]);

const required = Deno.env.get("STEEPEST_REQUIRE_BROWSER") === "1";
if (BROWSER === undefined) console.log("browser test skipped: no Chromium");
if (SECOND_DRIVER === undefined) console.log("second driver skipped: no SwiftShader");

async function report(args: readonly string[], env: Record<string, string> = {}): Promise<Report> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], env });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout).trim().split("\n").at(-1)!) as Report;
}

/** Every entry was compared, and from the same state every step was the oracle's. */
function judge({ adapter, outcomes }: Report): void {
  const names = new Set(outcomes.map(({ name }) => name.split(" ")[0]));
  assertEquals([...names].sort(), Object.keys(catalogue).sort());
  assertEquals(outcomes.flatMap(({ name, wrong }) => wrong.map((text) => `${name}: ${text}`)), []);
  const compared = outcomes.reduce((sum, one) => sum + one.compared, 0);
  const excepted = outcomes.reduce((sum, one) => sum + one.excepted, 0);
  console.log(`${adapter}: ${compared} values, ${excepted} at the oracle's own rounding`);
  assertGreater(compared, 2 * outcomes.length);
  assert(excepted < 0.02 * compared, `${excepted} of ${compared} values are excepted`);
}

Deno.test({
  name: "catalogue entries take the oracle's steps in Chromium",
  ignore: BROWSER === undefined && !required,
  fn: async () => {
    assert(BROWSER !== undefined, "STEEPEST_REQUIRE_BROWSER=1, but there is no Chromium");
    const script = await Deno.makeTempFile({ suffix: ".js" });
    try {
      const here = new URL(".", import.meta.url).pathname;
      const bundle = [
        "bundle",
        "--quiet",
        "--platform",
        "browser",
        "-o",
        script,
        `${here}_page.ts`,
      ];
      const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: bundle }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      judge(await report(["run", "--allow-all", `${here}_drive.ts`, BROWSER, script]));
    } finally {
      await Deno.remove(script);
    }
  },
});

Deno.test({
  name: "catalogue entries take the oracle's steps on a second driver",
  ignore: (Deno.build.os !== "linux" || SECOND_DRIVER === undefined) && !required,
  fn: async () => {
    assert(SECOND_DRIVER !== undefined, "STEEPEST_REQUIRE_BROWSER=1, but there is no SwiftShader");
    const module = new URL("_second_driver.ts", import.meta.url).pathname;
    const found = await report(["run", "--allow-env", "--allow-read", module], {
      VK_ICD_FILENAMES: SECOND_DRIVER,
      DENO_WEBGPU_BACKEND: "vulkan",
    });
    assert(/swiftshader/i.test(found.adapter), `the adapter is ${found.adapter}`);
    judge(found);
  },
});
