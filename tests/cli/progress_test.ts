import { compilingLine, plainCompiling } from "../../src/cli/progress.ts";
import type { CompileProgress } from "../../src/runtime/compile_progress.ts";
import { assert, assertEquals } from "../_assert.ts";
import { type Ended, events, run } from "./_terminal.ts";

const at = (seconds: number): CompileProgress => ({ stage: "driver", done: 2, total: 12, seconds });

Deno.test("compilingLine() says what is compiled and how long it has taken", () => {
  assertEquals(compilingLine(at(62)), "compiling: in the driver, kernel 3 of 12  1 min 02 s");
  const planning = { stage: "planning", done: 0, total: 2, seconds: 1.2 } as const;
  assertEquals(compilingLine(planning), "compiling: planning, part 1 of 2  1 s");
  assertEquals(compilingLine({ ...at(62), done: 12 }), "compiled in 1 min 02 s");
});

Deno.test("plainCompiling() writes a line every five seconds, and for the next program at once", () => {
  const lines: string[] = [];
  const say = plainCompiling((line) => lines.push(line.split("  ")[1]!));
  for (const seconds of [1, 2, 5.9, 6, 10, 11.5, 1.5, 2]) say(at(seconds));
  assertEquals(lines, ["1 s", "6 s", "12 s", "2 s"]);
});

Deno.test("plainCompiling() writes that all is compiled, however soon", () => {
  const lines: string[] = [];
  const say = plainCompiling((line) => lines.push(line));
  say(at(4));
  say({ ...at(5), done: 12 });
  assertEquals(lines.slice(1), ["compiled in 5 s"]);
});

/** Runs a command by a clock that goes on by 2 s whenever it is read. */
async function byFastClock(args: readonly string[]): Promise<Ended> {
  const { now } = performance;
  let time = 0;
  performance.now = () => time += 2000;
  try {
    return await run(args);
  } finally {
    performance.now = now;
  }
}

Deno.test("minimize and train tell alike how compiling goes, but not among lines of JSON", async () => {
  const minimize = ["minimize", "rosenbrock", "--backend", "js", "--steps", "2"];
  const train = ["train", "--model", "mlp", "--backend", "js", "--epochs", "1"]
    .concat(["--train-images", "60", "--test-images", "20"]);
  for (const args of [minimize, train]) {
    const { status, err } = await byFastClock(args);
    assertEquals(status, 0, err);
    const said = err.split("\n").filter((line) => line.startsWith("compil"));
    assert(/^compiling: planning, part 1 of \d+ {2}2 s$/.test(said[0]!), err);
    assert(said.some((line) => /^compiled in \d+ s$/.test(line)), err);
  }
  const { out, err } = await byFastClock([...minimize, "--json"]);
  assertEquals([events(out).map(({ event }) => event), err], [
    ["point", "point", "point", "result"],
    "",
  ]);
});
