import { alternate, type Row } from "./_measure.ts";
import { storingSide, VALUES } from "./_products.ts";

export const row: Row = {
  name: "CNN, batch 60: conjugate gradients with ten Hessian-vector products / gradient",
  atMost: 21,
  measure: async () => {
    const gradient = await storingSide("gradient", VALUES.gradient, 10);
    return await alternate(await storingSide("solution", VALUES.solution, 1), gradient);
  },
};
