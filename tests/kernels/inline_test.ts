/** Names that give way to what they stand for: the text means what it meant. */
import { inlineNames } from "../../kernels/inline.ts";
import { assertEquals } from "../_assert.ts";

Deno.test("inlineNames() keeps the brackets of what is compared, and drops those of what is assigned", () => {
  const masked = "let t1 = (a >> b) & c;";
  for (const compare of ["==", "!=", "<=", ">="]) {
    assertEquals(inlineNames([masked, `let x = select(u, v, d ${compare} t1);`]), [
      `let x = select(u, v, d ${compare} ((a >> b) & c));`,
    ]);
  }
  assertEquals(inlineNames(["let t1 = (a & b);", "s0 = t1;"]), ["s0 = a & b;"]);
  assertEquals(inlineNames(["let t1 = (a & b);", "s0 += t1;"]), ["s0 += a & b;"]);
});
