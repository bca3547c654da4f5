import { compilingLine, plainCompiling } from "../../src/cli/progress.ts";
import type { CompileProgress } from "../../src/runtime/compile_progress.ts";
import { assertEquals } from "../_assert.ts";

const at = (seconds: number): CompileProgress => ({ stage: "driver", done: 2, total: 12, seconds });

Deno.test("compilingLine() says what is compiled and how long it has taken", () => {
  assertEquals(compilingLine(at(62)), "compiling: in the driver, kernel 3 of 12  1 min 02 s");
  const planning = { stage: "planning", done: 0, total: 2, seconds: 1.2 } as const;
  assertEquals(compilingLine(planning), "compiling: planning, part 1 of 2  1 s");
});

Deno.test("plainCompiling() writes a line every five seconds, and for the next program at once", () => {
  const lines: string[] = [];
  const say = plainCompiling((line) => lines.push(line.split("  ")[1]!));
  for (const seconds of [1, 2, 5.9, 6, 10, 11.5, 1.5, 2]) say(at(seconds));
  assertEquals(lines, ["1 s", "6 s", "12 s", "2 s"]);
});
