import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import { fromCatalogue } from "../../src/optimizer/catalogue/by_name.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { newtonRaphson, scale } from "../../src/optimizer/transforms.ts";

for (const [name, entry] of Object.entries(catalogue)) {
  Deno.test(`catalogue.${name} builds from its defaults and takes every suggestion`, () => {
    assertEquals(entry.name, name);
    const optimizer = entry.build();
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

/** The constructors of the public face, by the names that the catalogue says they have. */
const constructors = await import("../../mod.ts") as unknown as Readonly<
  Record<string, ((options?: unknown) => unknown) | undefined>
>;

for (const [name, entry] of Object.entries(catalogue)) {
  Deno.test(`${name}() refuses what fromCatalogue() refuses when called without types`, () => {
    const construct = constructors[name]!;
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { nonsense: 1 },
      ...Object.keys(entry.defaults).flatMap((option) => [
        { [option]: "much" },
        { [option]: [] },
        { [option]: undefined },
        { [option]: NaN, nonsense: 1 },
      ]),
      ...(Object.hasOwn(entry.defaults, "learningRate") ? [{ learningRate: -0.1 }] : []),
    ];
    for (const options of wrong) {
      const expected = fromCatalogue(name, options);
      assert(E.isLeft(expected), JSON.stringify(options));
      const error = assertThrows(() => construct(options), SteepestError);
      assertEquals(error.kind, "description");
      assertEquals(error.issues, expected.left);
      for (const { path } of error.issues) assert(path.startsWith(`${name}/`), path);
    }
    for (const options of [3, null, "fast", []]) {
      const error = assertThrows(() => construct(options), SteepestError);
      assertEquals(error.issues[0]?.expected, "an object of options");
    }
    assertEquals(construct(), entry.build());
  });
}

Deno.test("scale() takes rates of any sign, which the catalogue does not", () => {
  assertEquals(scale(-0.1).by, -0.1);
  const error = assertThrows(() => sgd({ learningRate: -0.1 }), SteepestError);
  assertEquals(error.issues.map(({ path }) => path), ["sgd/learningRate"]);
});

Deno.test("fromCatalogue() suggests the name that was meant", () => {
  const result = fromCatalogue("adma");
  assert(E.isLeft(result));
  assert(result.left[0]?.message.includes('did you mean "adam"?'));
  assert(E.isLeft(fromCatalogue("__proto__")));
  assertEquals(fromCatalogue("sgd", { learningRate: 0.5 }), E.right(scale(0.5)));
});
