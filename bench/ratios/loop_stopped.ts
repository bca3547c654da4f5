import { alternate, type Row } from "./_measure.ts";
import { powers, storingSide } from "./_products.ts";

export const row: Row = {
  name: "CNN, batch 60: a loop of 30 products that stops after 3 / a loop of 3",
  atMost: 1.3,
  measure: async () =>
    await alternate(
      await storingSide("stops", powers(3, 30), 2),
      await storingSide("short", powers(3), 2),
    ),
};
