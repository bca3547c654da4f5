import { catalogueRows } from "../../src/cli/optimizers_command.ts";
import { assertEquals } from "../_assert.ts";

Deno.test("README.md shows the catalogue as classify() derives it", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const table = text.slice(text.indexOf("## The catalogue"), text.indexOf("## Status"));
  const rows = table.split("\n").filter((line) => line.startsWith("|")).slice(2).map((line) =>
    line.replaceAll("\\|", "¦").split("|").slice(1, -1).map((cell) =>
      cell.trim().replaceAll("¦", "|")
    )
  );
  const expected = catalogueRows().map((row) => [
    row.name,
    row.length,
    row.calculating,
    row.structure,
    row.iterative,
  ]);
  assertEquals(rows, expected);
});
