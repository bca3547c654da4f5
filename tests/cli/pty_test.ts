import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";
import { canShow, inShell, onTerminal, STEEPEST, steepestOnTerminal } from "./_pty.ts";

const SMALL = ["--model", "mlp", "--backend", "js", "--train-images", "200", "--test-images", "20"];
const terminal = await canShow();
const ESC = "\x1b";

/** The text that stays on the screen: what a carriage return and an erasure leave of each line. */
function screen(text: string): readonly string[] {
  return text.split("\n").map((line) =>
    // deno-lint-ignore no-control-regex
    line.split(/\x1b\[2K|\x1b\[1G|\x1b\[0G/).at(-1)!.replace(/\x1b(\[[?\d;]*[A-Za-z]|[78])/g, "")
      .trim()
  );
}

/** Whether the cursor is shown and lines wrap, after all that was written. */
function isUsable(text: string): boolean {
  const last = (on: string, off: string) => text.lastIndexOf(on) >= text.lastIndexOf(off);
  return last(`${ESC}[?25h`, `${ESC}[?25l`) && last(`${ESC}[?7h`, `${ESC}[?7l`);
}

Deno.test({
  name: "train draws a bar on a terminal, no wider than it, and clears it at the end",
  ignore: !terminal,
  fn: async () => {
    for (const columns of [36, 120]) {
      const { status, text } = await steepestOnTerminal(
        ["train", ...SMALL, "--epochs", "3"],
        columns,
      );
      assertEquals(status, 0, text);
      const bars = text.split(`${ESC}[1G`).filter((part) => /[█░]/.test(part))
        .map((part) => part.split(ESC)[0]!);
      assert(bars.length > 1, text);
      for (const bar of bars) assert([...bar].length <= columns, `${columns}: ${bar}`);
      assert(isUsable(text), JSON.stringify(text));
      assert(!/[█░]/.test(screen(text).join("\n")), JSON.stringify(text));
      assertStringIncludes(screen(text).join("\n"), "test accuracy");
      // No colours: NO_COLOR is set.
      // deno-lint-ignore no-control-regex
      assert(!/\x1b\[[\d;]*m/.test(text), JSON.stringify(text));
    }
  },
});

Deno.test({
  name: "Ctrl-C on a terminal ends train with 130, its report and a terminal that can be used",
  ignore: !terminal,
  fn: async () => {
    let pressed = false;
    const { status, text } = await steepestOnTerminal(
      ["train", ...SMALL, "--epochs", "100000"],
      80,
      (shown) => {
        if (pressed || !shown.includes("epoch 1/")) return undefined;
        pressed = true;
        return "\x03";
      },
    );
    assertEquals(status, 130, text);
    assertStringIncludes(text, "interrupted; this is what was reached");
    assertStringIncludes(text, "test accuracy");
    assert(isUsable(text), JSON.stringify(text));
    assert(!/\n\s+at /.test(text), text);
  },
});

Deno.test({
  name: "Ctrl-C on a terminal ends sweep with 130 and the trials that are done",
  ignore: !terminal,
  fn: async () => {
    let pressed = false;
    const { status, text } = await steepestOnTerminal(
      ["sweep", ...SMALL, "--grid", "learningRate=1e-3,1e-2,1e-1", "--side-by-side", "1"]
        .concat(["--epochs", "20"]),
      90,
      (shown) => {
        if (pressed || !shown.includes("1 of 3 trials done")) return undefined;
        pressed = true;
        return "\x03";
      },
    );
    assertEquals(status, 130, text);
    assertStringIncludes(text, "interrupted; this is what was reached");
    assertStringIncludes(text, "1 of 3 trials in 1 program");
    assert(isUsable(text), JSON.stringify(text));
  },
});

Deno.test({
  name: "tables and help fit a narrow terminal",
  ignore: !terminal,
  fn: async () => {
    for (const args of [["optimizers"], ["compile", "--function", "beale"]]) {
      const { status, text } = await steepestOnTerminal(args, 50);
      assertEquals(status, 0, text);
      for (const line of screen(text)) {
        // Combining marks take no column.
        const columns = [...line.replace(/\p{Mark}/gu, "")].length;
        assert(columns <= 50 || !/ {2}/.test(line), `${columns}: ${line}`);
      }
      assertStringIncludes(text, "…");
    }
  },
});

Deno.test({
  name: "--json on a terminal is JSON alone",
  ignore: !terminal,
  fn: async () => {
    const args = ["train", ...SMALL, "--epochs", "1", "--json"];
    const { status, text } = await steepestOnTerminal(args, 80);
    assertEquals(status, 0, text);
    const lines = screen(text).filter((line) => line !== "");
    for (const line of lines) assert(typeof JSON.parse(line).event === "string", line);
  },
});

Deno.test({
  name: "a bar is drawn where only the errors go to the terminal, and results stay whole",
  ignore: !terminal,
  fn: async () => {
    const words = [...STEEPEST, "train", ...SMALL, "--epochs", "2"].join(" ");
    const { status, text } = await onTerminal(`${words} | cat`, 40);
    assertEquals(status, 0, text);
    assert(/[█░]/.test(text), text);
    assertStringIncludes(text, "test accuracy");
  },
});

Deno.test({
  name: "train writes plain lines where nobody watches",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const { status, out, err } = await inShell(
      "bash",
      `steepest train ${SMALL.join(" ")} --epochs 2`,
    );
    assertEquals(status, 0, err);
    assert(!`${out}${err}`.includes(ESC), JSON.stringify(out + err));
    assertEquals(err.split("\n").filter((line) => line.startsWith("epoch ")).length, 2, err);
    assertStringIncludes(out, "test accuracy");
  },
});

Deno.test({
  name: "a reader that has gone ends the command without a word",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (
      const line of [
        "minimize conditioned --steps 20000 --json",
        "optimizers",
        "compile --function beale --source",
      ]
    ) {
      const { status, out, err } = await inShell(
        "bash",
        `set -o pipefail; steepest ${line} | head -1`,
      );
      assertEquals([status, err], [0, ""], line);
      assertEquals(out.trimEnd().split("\n").length, 1);
    }
  },
});
