import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { commandTree } from "../../src/cli/main.ts";
import { completionTree } from "../../src/cli/completion_tree.ts";
import { TEST_FUNCTIONS } from "../../src/cli/test_functions.ts";
import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";
import { hasProgram } from "./_pty.ts";
import { run } from "./_terminal.ts";

const bash = await hasProgram("bash"), zsh = await hasProgram("zsh");
const fish = await hasProgram("fish");

async function shell(name: string, args: readonly string[], script: string): Promise<string> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, script);
    const { code, stdout, stderr } = await new Deno.Command(name, { args: [...args, file] })
      .output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stderr)], [0, ""]);
    return decoder.decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

const LINES: readonly (readonly [line: string, some: readonly string[]])[] = [
  ["", ["train", "sweep", "minimize", "optimizers", "compile", "completion"]],
  ["tr", ["train"]],
  ["train --opt", ["--optimizer"]],
  ["train --optimizer nas", ["nasgd"]],
  ["train --optimizer nasgd --set ", ["alpha=", "lowerBound=", "cap="]],
  ["train --set bet", ["beta1=", "beta2="]],
  ["sweep --optimizer sgd --grid nes", ["nesterov="]],
  ["sweep --function ", Object.keys(TEST_FUNCTIONS)],
  ["minimize rosen", ["rosenbrock"]],
  ["optimizers --explain lio", ["lion"]],
  ["train --backend ", ["auto", "webgpu", "js", "reference"]],
  ["completion ", ["bash", "zsh", "fish"]],
];

Deno.test({
  name: "completion bash completes in bash",
  ignore: !bash,
  fn: async () => {
    const { out, status } = await run(["completion", "bash"]);
    assertEquals(status, 0);
    const asked = LINES.map(([line]) =>
      `COMP_WORDS=(steepest ${line.endsWith(" ") || line === "" ? `${line}""` : line}); ` +
      `COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _steepest 2>/dev/null; echo "\${COMPREPLY[*]}"`
    );
    // Outside of a completion bash has no compopt to say anything to.
    const answers = await shell("bash", ["--norc"], [out, ...asked].join("\n"));
    LINES.forEach(([line, some], i) => {
      const words = answers.split("\n")[i]!.split(" ");
      for (const word of some) assert(words.includes(word), `${line}: ${words}`);
    });
    // Only the options of the optimizer that is named.
    assertEquals(
      answers.split("\n")[4]!.split(" ").sort(),
      Object.keys(catalogue["nasgd"]!.defaults)
        .map((name) => `${name}=`).sort(),
    );
  },
});

Deno.test({
  name: "completion fish completes in fish",
  ignore: !fish,
  fn: async () => {
    const { out } = await run(["completion", "fish"]);
    const asked = LINES.map(([line]) =>
      `string join -- ' ' (complete -C 'steepest ${line}' | string replace -r '\\t.*' '')`
    );
    const answers = await shell("fish", ["--no-config"], [out, ...asked].join("\n"));
    LINES.forEach(([line, some], i) => {
      const words = answers.split("\n")[i]!.split(" ");
      for (const word of some) assert(words.includes(word), `${line}: ${words}`);
    });
  },
});

Deno.test({
  name: "completion zsh loads in zsh",
  ignore: !zsh,
  fn: async () => {
    const { out } = await run(["completion", "zsh"]);
    const script = `autoload -U compinit; compinit -u -D\n${out}\nprint $_comps[steepest]`;
    assertEquals((await shell("zsh", ["-f"], script)).trim(), "_steepest");
  },
});

Deno.test("completion knows every command, flag and optimizer that there is", async () => {
  const terminal = {
    out: () => {},
    err: () => {},
    interactive: false,
    signal: new AbortController().signal,
  };
  const program = commandTree(terminal, () => {});
  const tree = completionTree(program);
  for (const name of ["bash", "zsh", "fish"]) {
    const { out, status, err } = await run(["completion", name, "--command", "sd"]);
    assertEquals([status, err], [0, ""]);
    assertStringIncludes(out, "sd");
    for (const command of program.commands) {
      assertStringIncludes(out, command.name());
      for (const { long } of command.options) assertStringIncludes(out, long!.slice(2));
    }
    for (const optimizer of Object.keys(catalogue)) assertStringIncludes(out, optimizer);
  }
  assertEquals(tree.optimizerFlags, ["--optimizer", "--explain"]);
});

Deno.test("completion refuses shells and names that are none", async () => {
  const wrong = await run(["completion", "tcsh"]);
  assertEquals(wrong.status, 2);
  assertStringIncludes(wrong.err, "bash, zsh, fish");
  assertEquals((await run(["completion", "bash", "--command", "a; b"])).status, 2);
});
