/** Table 1 as printed beside ours: what differs is said, and only that. */

import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { COLUMNS, compared, PRINTED_TABLE } from "../../src/taxonomy/printed_table.ts";
import { assert, assertEquals } from "../_assert.ts";

/** The table of the paper, a line a row. */
const PRINTED = `
Newton's Method | | | |
Natural Gradient Descent | | F | |
Normalized NGD | ‖d‖_H = ε | | |
GN-Normalized NGD | ‖d_i‖_H = ε¦g_i¦ | | |
Eigenbasis Normalized NGD | ‖d_i‖_H = ε | | |
Gradient Descent | | | LI |
Normalized GD | ‖d‖_H′ = ε | | LI |
Sign GD | ‖d_i‖_H′ = ε | | LI |
L-BFGS | | | rank-2 update | iterative (secant assumption) compute on last k items
K-FAC | | F̃ | block-diagonal | a_i a_j ⟂ ∂L/∂g_i ∂L/∂g_j, momentum
Shampoo | ‖d_i‖_H′ = ε¦g_i¦ | F̃ | L^{-1/4} g R^{-1/4} | momentum
Adaptive (Adam, Adagrad) | ‖d_i‖_H′ = ε¦g_i¦ | F̃ | diagonal | momentum
AdaHessian | ‖d_i‖_H′ = ε¦g_i¦ | | diagonal | Monte Carlo, momentum
Sophia | | F | diagonal | momentum
`.trim().split("\n");

Deno.test("PRINTED_TABLE has every row of the paper's table, in its order", () => {
  const lines = PRINTED_TABLE.map(({ title, printed }) =>
    [title, ...COLUMNS.map((column) => printed[column].replaceAll("|", "¦"))].join(" | ")
      .replaceAll("|  |", "| |").replaceAll("|  |", "| |").trim()
  );
  assertEquals(lines, PRINTED);
});

Deno.test("PRINTED_TABLE has a note for every column that differs, and for no other", () => {
  for (const row of PRINTED_TABLE) {
    const found = compared(row);
    assert(found.length > 0, row.title);
    const differing = COLUMNS.filter((column) => found.some((one) => one.differs.includes(column)));
    assertEquals(COLUMNS.filter((column) => row.notes[column] !== undefined), differing, row.title);
  }
});

Deno.test("compared() finds a difference when an entry is another optimizer", () => {
  const adam = PRINTED_TABLE.find(({ title }) => title.startsWith("Adaptive"))!;
  assert("sgd" in catalogue);
  const [wrong] = compared({ ...adam, ours: [{ entry: "sgd", options: {} }] });
  assertEquals(wrong!.differs, COLUMNS);
});
