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

Deno.test("sweep tells of trials that fail in the table, and runs the others", async () => {
  const args = ["sweep", "--grid", "eps=-1,1e-8", "--grid", "beta1=0.5,0.9", ...FUNCTION];
  const { status, out } = await run(args);
  assertEquals(status, 1);
  const rows = out.split("\n").slice(2, 6);
  assertEquals(rows.map((row) => /failed: \w+$|best$/.exec(row)?.[0] ?? ""), [
    "best",
    "",
    "failed: description",
    "failed: description",
  ]);
  assertStringIncludes(out, "2 of 4 trials in 1 program");
  assertStringIncludes(out, "failed: 0, 1: adam/eps: expected");
  const lines = events((await run([...args, "--json"])).out);
  assertEquals(lines.filter(({ event }) => event === "failure").map(({ index }) => index), [0, 1]);
  assertEquals(lines.at(-1)!["failures"], 2);
});

Deno.test("sweep tries optimizers, seeds, and what stands at paths of a description", async () => {
  const several = ["--grid", "optimizer=sgd,adam", "--grid", "learningRate=0.01,0.02"];
  const { status, out } = await run(["sweep", ...several, "--grid", "seed=1,2", ...FUNCTION]);
  assertEquals(status, 0);
  assertStringIncludes(out, "8 of 8 trials in 2 programs");
  assertStringIncludes(out, "a program of its own: optimizer");

  const member = '{"kind":"power","exponent":0.25}';
  const paths = ["--grid", `of/0/length=gradientNorm,none,${member}`, "--grid", "of/1/by=0.1,0.2"];
  const more = ["--grid", "of/0/every/sample=1,2"];
  const trials = events((await run(["sweep", ...paths, ...more, "--json", ...FUNCTION])).out);
  assertEquals(trials.at(-1)!["trials"], 12);
  assertEquals(trials.at(-1)!["structural"], ["of/0/length", "of/0/every/sample"]);
  const wrong = await run(["sweep", "--grid", "of/0/lenght=none,normalized", ...FUNCTION]);
  assertEquals(wrong.status, 2);
  assertStringIncludes(wrong.err, 'did you mean "length"?');
});

Deno.test("sweep refuses what makes no sense, all of it at once", async () => {
  const cases: readonly (readonly [args: readonly string[], says: readonly string[]])[] = [
    [[], ["--grid or --random"]],
    [["--grid", "learningRate=0.1,,1"], ["A value is empty"]],
    [["--random", "learningRate=log:0..1"], ["above 0"]],
    [["--random", "a=2..1", "--grid", "b"], ["the smaller first", "NAME=VALUE"]],
    [["--grid", "eps=-2,-1", "--grid", "beta1=-3,2"], ["adam/eps", "adam/beta1"]],
    [["--grid", "alhpa=1,2"], ["alhpa"]],
    [["--grid", "eps=1", "--random", "eps=1..2"], ["--grid too"]],
  ];
  for (const [args, says] of cases) {
    const { status, err } = await run(["sweep", ...args, ...FUNCTION]);
    assertEquals(status, 2, err);
    for (const word of says) assertStringIncludes(err, word);
  }
});
