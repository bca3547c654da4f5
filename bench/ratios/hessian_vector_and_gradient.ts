import { alternate, type Row } from "./_measure.ts";
import { storingSide, VALUES } from "./_products.ts";

export const row: Row = {
  name: "CNN, batch 60: gradient and Hessian-vector product in one step / gradient",
  atMost: 3.1,
  measure: async () => {
    const gradient = await storingSide("gradient", VALUES.gradient, 10);
    return await alternate(await storingSide("both", VALUES.both, 4), gradient);
  },
};
