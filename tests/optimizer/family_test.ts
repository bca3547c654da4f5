import { lower } from "../../src/lowering/lower.ts";
import { classification } from "../../src/objective/classification.ts";
import { mlp } from "../../src/nn/models.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { adahessian } from "../../src/optimizer/catalogue/adahessian.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { described } from "../../src/optimizer/codec.ts";
import { familyOf } from "../../src/optimizer/family.ts";
import { hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { cosineDecay } from "../../src/optimizer/schedule.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { assertEquals, assertNotEquals } from "../_assert.ts";

const objective = classification(mlp({ input: [4], classes: 3 }), 5);
const SCHEDULED = adam({ learningRate: cosineDecay({ from: 0.1, steps: 100 }) });

for (
  const [name, optimizer] of [
    ...Object.values(catalogue).map(({ name, build }) => [name, build()] as const),
    ["a schedule", SCHEDULED] as const,
  ]
) {
  Deno.test(`familyOf() finds the numbers that the program of ${name} reads`, () => {
    const { slots } = getOrThrow(lower(objective, optimizer));
    const read = slots.filter((s) => s.role === "hyper")
      .map((s) => [s.name.replace("hyper/", ""), s.initial]);
    const { numbers } = familyOf(described(optimizer));
    // The steps of a warm-up are a rhythm: part of the key.
    const rhythms = hyperparameters(described(optimizer)).flatMap(({ path, kind, value }) =>
      kind === "rhythm" ? [[path, value] as const] : []
    );
    const known = new Map<string, unknown>([...rhythms, ...numbers]);
    const missing = read.filter(([path, initial]) => known.get(String(path)) !== initial);
    assertEquals(missing, []);
  });
}

Deno.test("familyOf() keeps together what differs in values alone", () => {
  const key = (optimizer: Parameters<typeof familyOf>[0]) => familyOf(optimizer).key;
  assertEquals(key(adam()), key(adam({ learningRate: 1, beta1: 0.5, eps: 1 })));
  assertNotEquals(key(adam()), key(SCHEDULED));
  assertNotEquals(key(adahessian({ every: 1 })), key(adahessian({ every: 2 })));
  assertNotEquals(key(nasgd({ cap: null })), key(nasgd({ cap: 1 })));
});
