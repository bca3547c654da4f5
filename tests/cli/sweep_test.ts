import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";
import { events, run } from "./_terminal.ts";

const FUNCTION = ["--function", "quadratic", "--backend", "js", "--steps", "50"];

Deno.test("sweep ranks a grid in a table and marks the best", async () => {
  const { status, out } = await run(
    ["sweep", "--optimizer", "sgd", "--grid", "learningRate=0.001,0.09,1", ...FUNCTION],
  );
  assertEquals(status, 0);
  const rows = out.split("\n").slice(2, 5);
  assertEquals(rows.map((row) => row.trim().split(/\s+/)[1]), ["0.09", "0.001", "1"]);
  assert(rows[0]!.endsWith("best"), out);
  assert(/not finite from step \d+$/.test(rows[2]!), out);
  assertStringIncludes(out, "3 of 3 trials in 1 program");
});

Deno.test("sweep says which options are compiled in", async () => {
  const grid = ["--grid", "nesterov=true,false", "--grid", "learningRate=0.01,0.02"];
  const set = ["--optimizer", "sgd", "--set", "momentum=0.5"];
  const { out } = await run(["sweep", ...set, ...grid, ...FUNCTION]);
  assertStringIncludes(out, "a program of its own: nesterov");
  assertStringIncludes(out, "in 2 programs");
});

Deno.test("sweep draws the same trials from the same seed, as events", async () => {
  const args = ["sweep", "--random", "learningRate=log:1e-3..1e-1", "--random", "beta1=0.5,0.9"];
  const more = ["--trials", "6", "--seed", "4", "--json", ...FUNCTION];
  const lines = events((await run([...args, ...more])).out);
  const trials = lines.filter(({ event }) => event === "trial");
  assertEquals(trials.map(({ rank }) => rank), [0, 1, 2, 3, 4, 5]);
  const losses = trials.map(({ loss }) => Number(loss));
  assertEquals(losses, losses.toSorted((a, b) => a - b));
  const result = lines.at(-1)!;
  assertEquals([result["event"], result["trials"], result["programs"]], ["result", 6, 1]);
  assertEquals((result["best"] as { index: number }).index, trials[0]!["index"]);
  assertEquals(events((await run([...args, ...more])).out), lines);
});

Deno.test("sweep tries values of a description in a file, and models", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, JSON.stringify({ version: 1, kind: "scale", by: 0.1 }));
    const small = ["--train-images", "60", "--test-images", "20", "--batch-size", "20"];
    const { status, out, err } = await run(
      ["sweep", "--optimizer", file, "--grid", "by=0.01,0.1", "--model", "mlp", "--json"]
        .concat(small).concat(["--backend", "js", "--by", "testAccuracy"]),
    );
    assertEquals([status, err], [0, ""]);
    const trials = events(out).filter(({ event }) => event === "trial");
    assertEquals(trials.map(({ settings }) => JSON.stringify(settings)).sort(), [
      '{"by":0.01}',
      '{"by":0.1}',
    ]);
    assert(trials.every(({ testAccuracy }) => typeof testAccuracy === "number"));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("sweep refuses what makes no sense, all of it at once", async () => {
  const cases: readonly (readonly [args: readonly string[], says: readonly string[]])[] = [
    [[], ["--grid or --random"]],
    [["--grid", "learningRate=0.1,,1"], ["A value is empty"]],
    [["--random", "learningRate=log:0..1"], ["above 0"]],
    [["--random", "a=2..1", "--grid", "b"], ["the smaller first", "NAME=VALUE"]],
    [["--grid", "eps=1,-1", "--grid", "beta1=0.5,2"], ["adam/eps", "adam/beta1"]],
    [["--grid", "alhpa=1,2"], ["alhpa"]],
    [["--grid", "eps=1", "--random", "eps=1..2"], ["--grid too"]],
  ];
  for (const [args, says] of cases) {
    const { status, err } = await run(["sweep", ...args, ...FUNCTION]);
    assertEquals(status, 2, err);
    for (const word of says) assertStringIncludes(err, word);
  }
});
