import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import { catalogue, fromCatalogue } from "../../src/optimizer/catalogue/registry.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { newtonRaphson, scale } from "../../src/optimizer/transforms.ts";

for (const [name, entry] of Object.entries(catalogue)) {
  Deno.test(`catalogue.${name} builds, survives the codec, and takes every suggestion`, () => {
    assertEquals(entry.name, name);
    const optimizer = entry.build();
    assertEquals(decode(JSON.parse(encode(optimizer))), E.right(optimizer));
    assertEquals(entry.build(entry.defaults), optimizer);
    for (const [option, values] of Object.entries(entry.suggested)) {
      assert(Object.hasOwn(entry.defaults, option), option);
      for (const value of values) entry.build({ [option]: value });
    }
  });
}

Deno.test("catalogue expressions are what their formulas say", () => {
  assertEquals(sgd({ learningRate: 0.5 }), scale(0.5));
  assertEquals(nasgd({ alpha: 1.6 }), newtonRaphson({ alpha: 1.6, lowerBound: 0, cap: 1 }));
  assertEquals(nasgd({ cap: null }), newtonRaphson({ alpha: 0.5, cap: null }));
});

Deno.test("build() names the options that are wrong", () => {
  const error = assertThrows(
    () => catalogue["adam"]?.build({ beta1: 2, learningrate: 1 }),
    SteepestError,
  );
  assertEquals(error.issues.map(({ path }) => path), ["adam/learningrate", "adam/beta1"]);
  assert(error.issues[0]?.message.includes('did you mean "learningRate"?'));
});

Deno.test("fromCatalogue() suggests the name that was meant", () => {
  const result = fromCatalogue("adma");
  assert(E.isLeft(result));
  assert(result.left[0]?.message.includes('did you mean "adam"?'));
  assert(E.isLeft(fromCatalogue("__proto__")));
  assertEquals(fromCatalogue("sgd", { learningRate: 0.5 }), E.right(scale(0.5)));
});
