import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { scheduleFreeSgd } from "../../src/optimizer/catalogue/schedule_free.ts";
import { digits } from "../../src/data/digits.ts";
import { mlp } from "../../src/nn/models.ts";
import { runCommandLine } from "../../src/cli/main.ts";
import { train } from "../../src/training/train.ts";
import { events, run } from "./_terminal.ts";

const CASES: readonly (readonly [
  what: string,
  args: readonly string[],
  status: number,
  says: readonly string[],
])[] = [
  ["an unknown flag", ["train", "--epoch", "3"], 2, ["--epoch", "--epochs"]],
  ["an unknown command", ["trian"], 2, ["trian", "train"]],
  ["a number out of range", ["train", "--epochs", "0"], 2, ["--epochs", "from 1 to"]],
  ["a number that is none", ["train", "--seed", "abc"], 2, ["--seed", "abc", "integer"]],
  ["an unknown backend", ["train", "--backend", "cuda"], 2, ["cuda", "webgpu"]],
  ["an unknown optimizer", ["train", "--optimizer", "adma"], 2, ["adma", "adam"]],
  ["an unknown option", ["train", "--optimizer", "nasgd", "--set", "alhpa=1"], 2, [
    "alhpa",
    "alpha",
  ]],
  ["a bad setting", ["train", "--set", "alpha"], 2, ["NAME=VALUE"]],
  ["an option out of range", ["train", "--optimizer", "adam", "--set", "beta1=2"], 2, [
    "adam/beta1",
    "found 2",
  ]],
  ["a missing directory", ["train", "--data", "/nowhere/at/all"], 1, [
    "/nowhere/at/all",
    "expected",
    "found",
  ]],
  ["a missing description", ["train", "--optimizer", "/nowhere.json"], 1, [
    "/nowhere.json",
    "nothing there",
  ]],
  [
    "a stored matrix of a network, with the settings that do without",
    [
      "train",
      ...["--optimizer", "newton", "--train-images", "60", "--test-images", "60"],
    ],
    1,
    ["at most 4096", "for a network: --set structure=krylov"],
  ],
  ["an unknown function", ["minimize", "rosenbrok"], 2, ["rosenbrok", "rosenbrock"]],
  ["a start of the wrong length", ["minimize", "rosenbrock", "--start", "1,2,3"], 2, [
    "--start",
    "3 numbers",
    "2 numbers",
  ]],
  [
    "f64 elsewhere than on the reference",
    ["minimize", "quadratic", "--backend", "js", "--precision", "f64"],
    2,
    [
      "precision",
      "reference",
    ],
  ],
];

for (const [what, args, status, says] of CASES) {
  Deno.test(`runCommandLine() explains ${what} and ends with ${status}`, async () => {
    const ended = await run(args);
    assertEquals(ended.status, status, ended.err);
    for (const word of says) assertStringIncludes(ended.err, word);
    assertStringIncludes(ended.err, "error:");
    assert(!/\n\s+at /.test(ended.err), `no stack trace:\n${ended.err}`);
  });
}

Deno.test("runCommandLine() reports every problem of a description at once", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const description = {
      version: 1,
      kind: "chain",
      of: [{ kind: "emma", decay: 0.9 }, { kind: "scale", by: "fast" }],
    };
    await Deno.writeTextFile(file, JSON.stringify(description));
    const { status, err } = await run(["train", "--optimizer", file]);
    assertEquals(status, 2);
    assertStringIncludes(err, `${file}/of/0`);
    assertStringIncludes(err, `${file}/of/1`);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("runCommandLine() says which IDX file is cut short", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (
      const name of [
        "train-images-idx3",
        "train-labels-idx1",
        "t10k-images-idx3",
        "t10k-labels-idx1",
      ]
    ) {
      await Deno.writeFile(`${directory}/${name}-ubyte`, new Uint8Array([0, 0, 8, 1, 0, 0]));
    }
    const { status, err } = await run(["train", "--data", directory]);
    assertEquals(status, 1);
    assertStringIncludes(err, "train-images-idx3-ubyte");
    assertStringIncludes(err, "header");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("train ends with a result, as lines of JSON if asked", async () => {
  const args = ["train", "--model", "mlp", "--backend", "js", "--train-images", "40"];
  const options = ["--test-images", "10", "--batch-size", "20", "--epochs", "2", "--json"];
  const { status, out, err } = await run([...args, ...options]);
  assertEquals([status, err], [0, ""]);
  const lines: readonly Record<string, unknown>[] = out.split("\n").map((line) => JSON.parse(line));
  const result = lines.at(-1)!;
  assertEquals([result["event"], result["steps"], result["interrupted"]], ["result", 4, false]);
  assert(lines.slice(0, -1).every((line) => line["event"] === "progress"));
});

Deno.test("train that is interrupted tells what was reached and ends with 130", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  const args = ["train", "--model", "mlp", "--backend", "js", "--train-images", "500"];
  const { status, out } = await run(
    [...args, "--test-images", "20", "--epochs", "100000"],
    controller.signal,
  );
  assertEquals(status, 130);
  assertStringIncludes(out, "interrupted");
  assertStringIncludes(out, "test accuracy");
});

Deno.test("train that is interrupted before anything was measured says so", async () => {
  const args = ["train", "--model", "mlp", "--backend", "js", "--train-images", "60"]
    .concat(["--test-images", "20", "--epochs", "2"]);
  const { status, out } = await run(args, AbortSignal.abort());
  assertEquals(status, 130);
  assertStringIncludes(out, "training loss  –");
  assertStringIncludes(out, "test accuracy  not measured");
  const json = await run([...args, "--json"], AbortSignal.abort());
  const { interrupted, steps, testAccuracy, measuredAfter } = events(json.out).at(-1)!;
  assertEquals([interrupted, steps, testAccuracy, measuredAfter], [true, 0, null, null]);
});

Deno.test("train that is interrupted says after how many steps it was measured last", async () => {
  const controller = new AbortController();
  const args = ["train", "--model", "mlp", "--backend", "js", "--train-images", "500"];
  const lines: string[] = [];
  const status = await runCommandLine([...args, "--test-images", "20", "--json"], {
    out: (line) => {
      lines.push(line);
      // After the first steps of the next epoch: the event loop runs between chunks.
      if (JSON.parse(line).epochDone === true) setTimeout(() => controller.abort(), 0);
    },
    err: () => undefined,
    interactive: false,
    signal: controller.signal,
  });
  assertEquals(status, 130);
  const all = events(lines.join("\n")), { steps, measuredAfter, testAccuracy } = all.at(-1)!;
  const { step, accuracy } = all.find(({ epochDone }) => epochDone === true)!;
  assertEquals([measuredAfter, testAccuracy], [step, accuracy]);
  assert(Number(steps) > Number(step));
});

Deno.test("processTerminal() asks at the first Ctrl-C, and ends the process at the second", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check"].concat(`
      import { processTerminal } from "./src/cli/terminal.ts";
      processTerminal().signal.onabort = () => console.log("asked");
      setTimeout(() => console.log("still here"), 60_000);
      console.log("ready");
    `),
    cwd: new URL("../..", import.meta.url),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const said: string[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said.push(text.trim());
    child.kill("SIGINT");
  }
  assertEquals([said, (await child.status).code], [["ready", "asked"], 130]);
});

Deno.test("optimizers lists the catalogue, explains an entry and speaks JSON", async () => {
  const table = await run(["optimizers"]);
  assertEquals(table.status, 0);
  assertStringIncludes(table.out, "adahessian");
  const explained = await run(["optimizers", "--explain", "adam"]);
  assertStringIncludes(explained.out, "beta1");
  assertStringIncludes(explained.out, "a number in [0, 1)");
  const rows = events((await run(["optimizers", "--json"])).out);
  assertEquals(rows.map(({ event }) => event), Object.keys(catalogue).map(() => "optimizer"));
  assertEquals(rows.map(({ name }) => name), Object.keys(catalogue));
});

Deno.test("minimize prints the trajectory as lines of JSON", async () => {
  const { status, out } = await run(
    ["minimize", "quadratic", "--optimizer", "nasgd", "--steps", "3", "--json"],
  );
  assertEquals(status, 0);
  const lines = events(out);
  assertEquals(lines.map(({ event }) => event), ["point", "point", "point", "point", "result"]);
  assertEquals(lines.slice(0, -1).map(({ step }) => step), [0, 1, 2, 3]);
  assertEquals(lines[0], { event: "point", step: 0, loss: 11, theta: [1, 1] });
  const { loss, theta } = lines[3]!;
  assertEquals([lines[4]!["loss"], lines[4]!["theta"], lines[4]!["steps"]], [loss, theta, 3]);
});

Deno.test("the process ends with 130 after Ctrl-C, without a stack trace", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-read", "src/cli/main.ts", "train"]
      .concat(["--model", "mlp", "--backend", "js", "--train-images", "500", "--test-images", "20"])
      .concat(["--epochs", "100000", "--json"]),
    cwd: new URL("../..", import.meta.url),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("progress")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  child.kill("SIGINT");
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
  const err = await new Response(child.stderr).text();
  const { code } = await child.status;
  assertEquals(code, 130, err);
  assertStringIncludes(text, '"interrupted":true');
  assertEquals(err, "");
});

Deno.test("runCommandLine() minimises in single precision where a backend has no other", async () => {
  const ended = await run(["minimize", "quadratic", "--backend", "js", "--steps", "2"]);
  assertEquals(ended.status, 0, ended.err);
});

Deno.test("runCommandLine() puts telemetry into the lines of --json", async () => {
  const common = ["--backend", "js", "--json", "--telemetry", "gradientNorm,equivalentAlpha"];
  const followed = await run(["minimize", "rosenbrock", "--steps", "3", ...common]);
  assertEquals(followed.status, 0, followed.err);
  const steps = followed.out.split("\n").map((line) => JSON.parse(line));
  assert(steps.slice(0, 3).every(({ gradientNorm }) => gradientNorm > 0));
  // The last line is where the run ended: there was no step from there.
  assertEquals("gradientNorm" in steps[3], false);

  const images = ["--train-images", "120", "--test-images", "20", "--epochs", "1"];
  const trained = await run(["train", "--model", "mlp", ...images, ...common]);
  assertEquals(trained.status, 0, trained.err);
  const lines = trained.out.split("\n").map((line) => JSON.parse(line));
  const series = lines.filter(({ event }) => event === "telemetry");
  assertEquals(series.map(({ name, values }) => [name, values.length]), [
    ["gradientNorm", 2],
    ["equivalentAlpha", 2],
  ]);
  const progress = lines.filter(({ event }) => event === "progress").at(-1);
  assertEquals(progress.telemetry.gradientNorm, series[0].values[1]);

  const wrong = await run(["minimize", "rosenbrock", "--json", "--telemetry", "gradientNrom"]);
  assertEquals(wrong.status, 2);
  assertStringIncludes(wrong.err, '"gradientNorm"');
});

Deno.test("minimize says each step once, and the last one always", async () => {
  for (const [steps, expected] of [[4, [0, 1, 2, 4]], [5, [0, 1, 2, 4, 5]]] as const) {
    const { out } = await run(["minimize", "quadratic", "--steps", String(steps)]);
    const shown = out.split("\n").flatMap((line) => /^step +(\d+)/.exec(line)?.[1] ?? []);
    assertEquals(shown.map(Number), [...expected]);
  }
});

Deno.test("train writes the parameters that it measured", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const data = digits({ train: 60, test: 20, seed: 0 });
    const images = ["--train-images", "60", "--test-images", "20", "--batch-size", "20"];
    const common = ["--model", "mlp", "--epochs", "1", "--backend", "js", "--output", file];
    const optimizer = ["--optimizer", "scheduleFreeSgd"];
    const { status, err } = await run(["train", ...common, ...images, ...optimizer]);
    assertEquals(status, 0, err);
    const result = await train({
      model: mlp({ input: [1, 28, 28], hidden: [128], classes: 10 }),
      data,
      optimizer: scheduleFreeSgd(),
      batchSize: 20,
      backend: "js",
    });
    const written = JSON.parse(await Deno.readTextFile(file)).layer1.weight.data;
    const { evaluationParameters, parameters } = result;
    assertEquals(written, [...evaluationParameters["layer1"]!.weight.data]);
    assert(written.some((x: number, i: number) => x !== parameters["layer1"]!.weight.data[i]));
  } finally {
    await Deno.remove(file);
  }
});
