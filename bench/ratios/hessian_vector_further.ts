import { alternate, type Row } from "./_measure.ts";
import { difference, powers, storingSide, VALUES } from "./_products.ts";

/** Products in the two loops. */
const [SHORT, LONG] = [4, 14];

export const row: Row = {
  name: "CNN, batch 60: each further Hessian-vector product at the same point / gradient",
  atMost: 2,
  measure: async () => {
    const gradient = await storingSide("gradient", VALUES.gradient, 10);
    const long = await storingSide("long", powers(LONG), 1);
    const short = await storingSide("short", powers(SHORT), 1);
    // What both do before their loops, the first pass through the network, is the same.
    return await alternate(difference(long, short, LONG - SHORT), gradient);
  },
};
