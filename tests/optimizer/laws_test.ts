import fc from "fast-check";
import { assert, assertEquals } from "../_assert.ts";
import { add, chain, identity, zero } from "../../src/optimizer/combinators.ts";
import { encode } from "../../src/optimizer/codec.ts";
import { scale, weightDecay } from "../../src/optimizer/transforms.ts";
import { optimizerArbitrary } from "./_arbitrary.ts";

const any = optimizerArbitrary({ depth: 1 });
const RUNS = { seed: 20_231, numRuns: 120 };

for (
  const [name, combine, neutral] of [
    ["chain", chain, identity()],
    ["add", add, zero()],
  ] as const
) {
  Deno.test(`${name}() is associative as data`, () => {
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        const flat = encode(combine(a, b, c));
        assertEquals(encode(combine(combine(a, b), c)), flat);
        assertEquals(encode(combine(a, combine(b, c))), flat);
      }),
      RUNS,
    );
  });

  Deno.test(`${name}() has its neutral element on both sides`, () => {
    fc.assert(
      fc.property(any, (a) => {
        assertEquals(encode(combine(a, neutral)), encode(a));
        assertEquals(encode(combine(neutral, a)), encode(a));
        assertEquals(encode(combine(a)), encode(a));
      }),
      RUNS,
    );
    assertEquals(combine(), neutral);
  });

  Deno.test(`${name}() leaves no member of its own kind and no neutral element inside`, () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), (of) => {
        const built = combine(...of);
        if (built.kind !== name) return;
        assert(built.of.length >= 2);
        assert(built.of.every(({ kind }) => kind !== name && kind !== neutral.kind));
      }),
      RUNS,
    );
  });
}

Deno.test("chain() keeps a zero, because what follows may start from it", () => {
  const parameters = chain(zero(), weightDecay(1));
  assert(parameters.kind === "chain");
  assertEquals(parameters.of.map(({ kind }) => kind), ["zero", "weightDecay"]);
});

Deno.test("chain() does not commute as data", () => {
  assert(encode(chain(scale(2), weightDecay(1))) !== encode(chain(weightDecay(1), scale(2))));
});

Deno.test("every optimizer is frozen all the way down", () => {
  const frozen = (value: unknown): boolean =>
    typeof value !== "object" || value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen));
  fc.assert(fc.property(any, (a) => assert(frozen(a))), RUNS);
});
