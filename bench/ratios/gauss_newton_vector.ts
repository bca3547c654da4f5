import { alternate, type Row } from "./_measure.ts";
import { storingSide, VALUES } from "./_products.ts";

export const row: Row = {
  // A pass through the network, one of tangents and one back: 1.6 gradients of multiply-adds.
  name: "CNN, batch 60: Gauss–Newton product / gradient",
  atMost: 2,
  measure: async () => {
    const gradient = await storingSide("gradient", VALUES.gradient, 10);
    return await alternate(await storingSide("product", VALUES.gaussNewton, 5), gradient);
  },
};
