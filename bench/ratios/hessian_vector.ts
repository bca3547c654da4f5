import { alternate, type Row } from "./_measure.ts";
import { storingSide, VALUES } from "./_products.ts";

export const row: Row = {
  name: "CNN, batch 60: Hessian-vector product / gradient",
  atMost: 2.8,
  measure: async () => {
    const gradient = await storingSide("gradient", VALUES.gradient, 10);
    return await alternate(await storingSide("product", VALUES.product, 5), gradient);
  },
};
