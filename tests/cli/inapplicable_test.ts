import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";
import { events, run } from "./_terminal.ts";

const FILES = ["--data", "/nowhere"];
const GRID = ["--grid", "learningRate=0.1"];
const CASES: readonly (readonly [args: readonly string[], refused: readonly string[]])[] = [
  [["sweep", ...GRID, "--function", "beale", "--epochs", "3", "--by", "trainLoss", ...FILES], [
    "--data",
    "--epochs",
    "--by",
  ]],
  [["sweep", ...GRID, "--model", "mlp", "--until", "1", "--start", "1,2", "--trials", "3"], [
    "--until",
    "--start",
    "--trials",
  ]],
  [["sweep", ...GRID, "--train-images", "9", ...FILES], ["--train-images"]],
  [["train", "--test-images", "9", "--telemetry", "cosine", ...FILES], [
    "--test-images",
    "--telemetry",
  ]],
  [["compile", "--function", "beale", "--batch-size", "3", "--target", "js", "--adapter", "gpu"], [
    "--batch-size",
    "--adapter",
  ]],
  [["compile", "--model", "mlp", "--start", "1,2"], ["--start"]],
  [["minimize", "beale", "--telemetry", "cosine"], ["--telemetry"]],
  [["optimizers", "--set", "beta1=0.5"], ["--set"]],
];

for (const [args, refused] of CASES) {
  Deno.test(`runCommandLine() refuses what means nothing there: ${args.join(" ")}`, async () => {
    const { status, out, err } = await run(args);
    assertEquals([status, out], [2, ""]);
    assertEquals(err.match(/--[a-z-]+(?= means nothing)/g)?.toSorted(), [...refused].toSorted());
  });
}

Deno.test("minimize tells where to evaluate, when that is elsewhere", async () => {
  const args = ["minimize", "quadratic", "--steps", "5", "--optimizer"];
  const averaged = await run([...args, "scheduleFreeSgd"]);
  assertStringIncludes(averaged.out, "\nto evaluate with: θ ");
  assertEquals((await run([...args, "sgd"])).out.includes("to evaluate with"), false);
  const result = events((await run([...args, "scheduleFreeSgd", "--json"])).out).at(-1)!;
  assert(JSON.stringify(result["theta"]) !== JSON.stringify(result["evaluationTheta"]));
});

Deno.test("minimize warns of a loss that is not finite", async () => {
  const args = ["minimize", "saddle", "--steps", "12", "--optimizer", "sgd", "--set"];
  const diverged = await run([...args, "learningRate=100"]);
  assertStringIncludes(diverged.err, "warning: the loss was not finite from step 6 on");
  const told = async (rate: string) =>
    events((await run([...args, `learningRate=${rate}`, "--json"])).out).at(-1)!["firstNonFinite"];
  assertEquals([await told("100"), await told("0.01")], [6, null]);
});
