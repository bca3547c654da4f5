import { assertEquals, assertRejects } from "../_assert.ts";
import { failure, SteepestError } from "../../src/errors.ts";
import { advisingSettings } from "../../src/cli/network_settings.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";

/** What is said in the end against an optimizer with these settings. */
async function said(
  optimizer: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  const asked = { optimizer, settings, model: "cnn", batchSize: 2 } as const;
  const refused = failure("limit", "place", "much", "less");
  const error = await assertRejects(
    () => advisingSettings(asked, () => Promise.reject(refused)),
    SteepestError,
  );
  assertEquals(error.kind, "limit");
  return error.issues.map(({ message }) => message);
}

const REFUSED = "place: expected less, found much";

function suggested(name: string, leftOut: readonly string[] = []): string {
  const flags = Object.entries(catalogue[name]!.network)
    .filter(([option]) => !leftOut.includes(option))
    .map(([option, value]) => `--set ${option}=${value}`);
  return `${REFUSED}\nfor a network: ${flags.join(" ")}`;
}

Deno.test("advisingSettings() says what to add where the defaults do not fit a network", async () => {
  assertEquals(await said("newton", {}), [suggested("newton")]);
  assertEquals(await said("levenbergMarquardt", {}), [suggested("levenbergMarquardt")]);
});

Deno.test("advisingSettings() leaves alone what was set, unless nothing else helps", async () => {
  const rate = { learningRate: 0.1 };
  assertEquals(await said("newton", rate), [suggested("newton", ["learningRate"])]);
  assertEquals(await said("newton", { structure: "full" }), [suggested("newton")]);
});

Deno.test("advisingSettings() is silent where its settings would not help", async () => {
  const { network } = catalogue["newton"]!;
  assertEquals(await said("newton", network), [REFUSED]);
  assertEquals(await said("bfgs", {}), [REFUSED]);
  assertEquals(await said("sgd", {}), [REFUSED]);
  assertEquals(await said("mine.json", {}), [REFUSED]);
  assertEquals(
    await advisingSettings(
      { optimizer: "newton", settings: {}, model: "cnn", batchSize: 2 },
      () => 3,
    ),
    3,
  );
});
