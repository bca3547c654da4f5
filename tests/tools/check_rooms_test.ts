import { importsOf, roomOf, violations } from "../../tools/check_rooms.ts";
import { assertEquals } from "../_assert.ts";

Deno.test("roomOf() finds the room of a folder, of errors.ts and of kernels/", () => {
  assertEquals(roomOf("src/tensor/shape.ts"), "tensor");
  assertEquals(roomOf("src/compiler/targets/wgsl/emit.ts"), "compiler");
  assertEquals(roomOf("src/errors.ts"), "errors");
  assertEquals(roomOf("kernels/matmul.ts"), "kernels");
});

Deno.test("roomOf() knows no room outside the list", () => {
  assertEquals(roomOf("src/helpers/x.ts"), undefined);
  assertEquals(roomOf("src/kernels/x.ts"), undefined);
  assertEquals(roomOf("mod.ts"), undefined);
});

Deno.test("importsOf() finds every form of import and skips comments", () => {
  const source = [
    'import { a } from "./a.ts";',
    "/** @example",
    ' * import { no } from "./no.ts";',
    " */",
    'export * from "./b.ts"; // from "./no.ts"',
    "import type {",
    "  C,",
    '} from "../c.ts";',
    'import "./d.ts";',
    'const e = await import("./e.ts");',
    'const url = "https://example.org"; import { f } from "./f.ts";',
  ].join("\n");
  assertEquals(importsOf(source), [
    { specifier: "./a.ts", line: 1 },
    { specifier: "./b.ts", line: 5 },
    { specifier: "../c.ts", line: 8 },
    { specifier: "./d.ts", line: 9 },
    { specifier: "./e.ts", line: 10 },
    { specifier: "./f.ts", line: 11 },
  ]);
});

function reasons(file: string, specifier: string): readonly string[] {
  return violations(new Map([[file, `import { x } from "${specifier}";`]])).map((v) => v.reason);
}

Deno.test("violations() allows the own room, earlier rooms and packages", () => {
  assertEquals(reasons("src/nn/layers/dense.ts", "../losses.ts"), []);
  assertEquals(reasons("src/nn/dense.ts", "../tensor/shape.ts"), []);
  assertEquals(reasons("src/nn/dense.ts", "../errors.ts"), []);
  assertEquals(reasons("src/compiler/plan.ts", "../../kernels/matmul.ts"), []);
  assertEquals(reasons("src/nn/dense.ts", "fp-ts/lib/Either.js"), []);
});

Deno.test("violations() reports a later room, by name", () => {
  assertEquals(reasons("src/tensor/shape.ts", "../nn/dense.ts"), ["tensor must not import nn"]);
  assertEquals(reasons("src/loops/stage.ts", "../../kernels/matmul.ts"), [
    "loops must not import kernels",
  ]);
});

Deno.test("violations() keeps kernels to the loop program", () => {
  assertEquals(reasons("kernels/matmul.ts", "../src/loops/stage.ts"), []);
  assertEquals(reasons("kernels/matmul.ts", "../src/tensor/shape.ts"), [
    "kernels must not import tensor",
  ]);
});

Deno.test("violations() reports files without a room and imports of the package itself", () => {
  assertEquals(reasons("src/tensor/shape.ts", "../helpers/x.ts"), [
    "src/helpers/x.ts is in no room",
  ]);
  assertEquals(reasons("src/tensor/shape.ts", "@steepest/steepest").length, 1);
});
