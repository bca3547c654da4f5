/** The networks of the benchmark's family. */
import { FAMILY, modelOf, multiplyAdds, REFERENCE } from "../../bench/ratios/_networks.ts";
import { mnistCnn, type Model } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { assertEquals } from "../_assert.ts";

/** Shapes of parameters, in order. */
function shapesOf(model: Model<Parameters>): string[] {
  return classification(model, 2).leaves.map(({ shape }) => shape.join());
}

Deno.test("multiplyAdds() of the CNN is what its layers take, forward and for both gradients", () => {
  const first = 10 * 25 * 24 ** 2, others = 20 * 10 * 25 * 8 ** 2 + 320 * 50 + 50 * 10;
  assertEquals(multiplyAdds(REFERENCE), 60 * (2 * first + 3 * others));
});

Deno.test("modelOf() gives the CNN the parameters of the model, and others theirs", () => {
  assertEquals(shapesOf(modelOf(REFERENCE)), shapesOf(mnistCnn() as unknown as Model<Parameters>));
  assertEquals(shapesOf(modelOf(FAMILY.mlp))[0], "128,784");
  assertEquals(shapesOf(modelOf(FAMILY.stride))[4], "50,980");
});
