import fc from "fast-check";
import { commandTree } from "../../src/cli/main.ts";
import { assert, assertStringIncludes } from "../_assert.ts";
import { events, run } from "./_terminal.ts";

const terminal = {
  out: () => {},
  err: () => {},
  interactive: false,
  signal: new AbortController().signal,
};
const tree = commandTree(terminal, () => {});
const COMMANDS = tree.commands.map((command) => command.name());
const FLAGS = [...new Set(tree.commands.flatMap(({ options }) => options.map((o) => o.long!)))];

/** Values of every sort; none of them asks for much work. */
const VALUES = fc.oneof(
  fc.constantFrom("0", "1", "-1", "NaN", "1e400", "", "=", "a=", "=1", "a=b", "beta1=2", "adam"),
  fc.constantFrom("beale", "js", "wgsl", "cnn", "[]", "{}", "--", "-", "a=1..0", "eps=log:1..2"),
  fc.constantFrom("__proto__", "constructor", "toString=1", "__proto__=1", "../x.json", "\0"),
  fc.string({ maxLength: 12 }),
);

/** Flags that would ask for much work, or write files, if a command did run. */
const HARMLESS = FLAGS.filter((flag) => !["--output", "--data", "--help"].includes(flag));

Deno.test("runCommandLine() answers any arguments with a status and without a trace", async () => {
  const words = fc.array(
    fc.oneof(
      fc.constantFrom(...HARMLESS).chain((flag) => VALUES.map((value) => [flag, value])),
      VALUES.map((value) => [value]),
    ),
    { maxLength: 4 },
  );
  // An unknown flag at the end, so that no command ever begins.
  const line = fc.tuple(fc.constantFrom(...COMMANDS, "nothing"), words)
    .map(([command, rest]) => [command, ...rest.flat(), "--no-such-flag"]);
  await fc.assert(
    fc.asyncProperty(line, async (args) => {
      const { status, err } = await run(args);
      assert([0, 1, 2].includes(status), `${status}`);
      assert(!/\n\s+at |TypeError|RangeError|undefined/.test(err), err);
      if (status !== 0) assertStringIncludes(err, "error: ");
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("runCommandLine() answers any value of an option of an optimizer", async () => {
  const line = fc.tuple(VALUES, VALUES, fc.constantFrom("adam", "sgd", "nasgd", "toString"));
  await fc.assert(
    fc.asyncProperty(line, async ([name, value, optimizer]) => {
      const args = ["compile", "--function", "beale", "--optimizer", optimizer, "--json"];
      const { status, err, out } = await run([...args, "--set", `${name}=${value}`]);
      assert([0, 2].includes(status), `${status} ${err}`);
      assert(!/\n\s+at |TypeError|RangeError/.test(err), err);
      const last = events(out).at(-1)!;
      assert(last["event"] === (status === 0 ? "result" : "error"), out);
    }),
    { seed: 2, numRuns: 150 },
  );
});

Deno.test("runCommandLine() reports every argument that cannot be read, with and without --json", async () => {
  const args = ["train", "--epochs", "0", "--seed", "x", "--backend", "cuda", "--set", "a"];
  const { err } = await run(args);
  for (const word of ["--epochs", "--seed", "--backend", "--set"]) assertStringIncludes(err, word);
  const json = events((await run([...args, "--json"])).out);
  assert(json.length === 1 && (json[0]!["issues"] as unknown[]).length === 4);
  const unknown = await run([...args, "--nothing"]);
  assertStringIncludes(unknown.err, "--nothing");
  assertStringIncludes(unknown.err, "--epochs");
});
