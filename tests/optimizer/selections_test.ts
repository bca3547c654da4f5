import { classification } from "../../src/objective/classification.ts";
import { mlp } from "../../src/nn/models.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { frozen } from "../../src/optimizer/derived.ts";
import { matrices, path, rank } from "../../src/optimizer/predicate.ts";
import { selections } from "../../src/optimizer/selections.ts";
import { scale, weightDecay } from "../../src/optimizer/transforms.ts";
import { partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { assertEquals } from "../_assert.ts";

const model = classification(mlp({ input: [4], hidden: [3], classes: 2 }), 1);

const show = (optimizer: Parameters<typeof selections>[0]) =>
  selections(optimizer, model).map(({ path, parameters }) => [path, parameters.join(" ")]);

Deno.test("selections() lists what each mask, part and rest gets, inside one another", () => {
  const optimizer = chain(
    weightDecay(0.1, matrices()),
    skipNonFinite(partition([
      { where: path("layer1/*"), of: chain(weightDecay(0.1, rank(1)), scale(0.1)) },
      { where: rank(1), of: scale(1) },
      { where: path("layer1/bias"), of: scale(2) },
    ])),
    frozen(path("layer3/*")),
  );
  assertEquals(show(optimizer), [
    ["0/weightDecay", "layer1/weight layer2/weight"],
    ["1/skipNonFinite/partition/parts/0", "layer1/weight layer1/bias"],
    ["1/skipNonFinite/partition/parts/0/0/weightDecay", "layer1/bias"],
    ["1/skipNonFinite/partition/parts/1", "layer2/bias"],
    ["1/skipNonFinite/partition/parts/2", ""],
    ["1/skipNonFinite/partition/rest", "layer2/weight"],
    ["2/partition/parts/0", ""],
    ["2/partition/rest", "layer1/weight layer1/bias layer2/weight layer2/bias"],
  ]);
});

Deno.test("selections() is empty where nothing selects", () => {
  assertEquals(selections(scale(0.1), model), []);
});
