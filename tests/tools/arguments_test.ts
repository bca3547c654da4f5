import type { Command } from "commander";
import * as E from "fp-ts/lib/Either.js";
import { given, someOf, task } from "../../tools/arguments.ts";
import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";

/** A task, and what it has written. */
function example(): { readonly command: Command; readonly written: () => string } {
  let text = "";
  const write = (more: string) => text += more;
  const command = task("deno task example", "Does something.")
    .addArgument(someOf("row", ["first", "second, of two", "third"]))
    .option("--hand <directory>", "where it is")
    .option("--write", "keep it", false)
    .configureOutput({ writeOut: write, writeErr: write });
  return { command, written: () => text };
}

Deno.test("given() reads words and options", () => {
  const read = given(example().command, ["third", "second, of two", "--hand", "here"]);
  assertEquals(
    read,
    E.right({
      words: ["third", "second, of two"],
      options: { hand: "here", write: false },
    }),
  );
  assertEquals(given(example().command, []), E.right({ words: [], options: { write: false } }));
});

Deno.test("given() writes help and ends well", () => {
  const { command, written } = example();
  assertEquals(given(command, ["--help"]), E.left(0));
  for (const word of ["Usage: deno task example", '"first"', "--hand <directory>"]) {
    assertStringIncludes(written(), word);
  }
});

Deno.test("given() says of what it does not know what there is, and ends with 2", () => {
  for (const wrong of ["--rite", "fourth", "second"]) {
    const { command, written } = example();
    assertEquals(given(command, ["first", wrong]), E.left(2));
    assert(written().startsWith("error: "), written());
    for (const word of [wrong, '"third"', "--write"]) assertStringIncludes(written(), word);
  }
});

const TASKS: readonly (readonly [task: string, unknown: string])[] = [
  ["ratios", "cnn_addam"],
  ["bench:peers", "adam:"],
  ["sizes", "addam on"],
  ["costs", "Hessian"],
  ["cnn-table", "--only=addam"],
];

for (const [name, unknown] of TASKS) {
  Deno.test(`deno task ${name} says what it takes, and refuses what it does not know`, async () => {
    const run = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["task", "--quiet", name, ...args],
        cwd: new URL("../..", import.meta.url),
        env: { NO_COLOR: "1" },
      }).output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
    };
    const help = await run("--help");
    assertEquals([help.code, help.err], [0, ""]);
    assertStringIncludes(help.out, `Usage: deno task ${name} [options]`);
    const refused = await run(unknown);
    assertEquals([refused.code, refused.out], [2, ""], refused.err);
    assertStringIncludes(refused.err, "error: ");
    assertStringIncludes(refused.err, unknown.replace("--only=", ""));
  });
}
