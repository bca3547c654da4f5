import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertNotEquals } from "../_assert.ts";
import type { Issue } from "../../src/errors.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { contentHash } from "../../src/optimizer/content_hash.ts";
import { scale, trace } from "../../src/optimizer/transforms.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { sophia } from "../../src/optimizer/catalogue/sophia.ts";
import { optimizerArbitrary } from "./_arbitrary.ts";

function issuesOf(input: unknown): readonly Issue[] {
  const result = decode(input);
  assert(E.isLeft(result));
  return result.left;
}

Deno.test("decode() gives back what encode() wrote, for random optimizers", () => {
  fc.assert(
    fc.property(optimizerArbitrary({ matrices: true }), (optimizer) => {
      const text = encode(optimizer);
      const back = decode(JSON.parse(text));
      assert(E.isRight(back), JSON.stringify(back));
      assertEquals(back.right, optimizer);
      assertEquals(encode(back.right), text);
    }),
    { seed: 7, numRuns: 300 },
  );
});

Deno.test("encode() sorts keys and says the version", () => {
  assertEquals(encode(scale(0.1)), '{"by":0.1,"kind":"scale","version":1}');
});

Deno.test("decode() fills in defaults and flattens", () => {
  const result = decode({
    version: 1,
    kind: "chain",
    of: [{ kind: "chain", of: [{ kind: "trace", decay: 0.9 }] }, { kind: "scale", by: 1 }],
  });
  assertEquals(result, E.right(chain(trace({ decay: 0.9 }), scale(1))));
});

Deno.test("decode() reports every problem at once, with its path", () => {
  const issues = issuesOf({
    kind: "chain",
    of: [
      { kind: "ema", decay: 1 },
      { kind: "emma" },
      { kind: "scale", by: NaN },
      { kind: "trace", decay: 0.5, nesterof: true },
      {
        kind: "curvature",
        calculating: { kind: "hessian", probes: 0 },
        structure: { kind: "diagonal" },
        length: { kind: "clamped", limit: { kind: "linear", from: 1, to: -1, steps: 5 } },
      },
    ],
  });
  assertEquals(issues.map(({ path }) => path), [
    "version",
    "of/0/decay",
    "of/1/kind",
    "of/2/by",
    "of/3",
    "of/4/calculating/probes",
    "of/4/length/limit",
  ]);
  assertEquals(issues[1]?.found, "1");
  assert(issues[1]?.expected.startsWith("a number in [0, 1)"));
  assert(issues[2]?.expected.includes("newtonRaphson"));
  assert(issues[2]?.message.endsWith('did you mean "ema"?'));
  assert(issues[4]?.message.includes('did you mean "nesterov"?'));
  assertEquals(issues[6]?.found, "a schedule that reaches -1");
});

Deno.test("decode() answers anything at all with issues", () => {
  for (const input of [undefined, null, 3, "sgd", [], () => 0, {}, { version: 1 }, new Date()]) {
    assert(issuesOf(input).length > 0);
  }
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      const result = decode(input);
      assert(E.isLeft(result) || result.right.kind !== undefined);
    }),
    { seed: 3, numRuns: 200 },
  );
});

/** A copy in which the n-th value, counted in depth, is another one. */
function replaced(value: unknown, n: { left: number }, by: unknown): unknown {
  if (n.left-- === 0) return by;
  if (Array.isArray(value)) return value.map((inner) => replaced(inner, n, by));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, replaced(inner, n, by)]),
  );
}

Deno.test("decode() of a damaged description gives issues or a canonical optimizer, and never throws", () => {
  let refused = 0;
  fc.assert(
    fc.property(
      optimizerArbitrary({ matrices: true }),
      fc.nat(60),
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(NaN, -1, 2, "ema", undefined)),
      (optimizer, left, by) => {
        const result = decode(replaced(JSON.parse(encode(optimizer)), { left }, by));
        if (E.isLeft(result)) {
          refused++;
          assert(result.left.length > 0 && result.left.every(({ message }) => message !== ""));
        } else {
          assertEquals(decode(JSON.parse(encode(result.right))), result);
        }
      },
    ),
    { seed: 17, numRuns: 300 },
  );
  assert(refused > 50, `${refused}`);
});

Deno.test("decode() refuses keys of the prototype", () => {
  const text = '{"kind":"scale","by":1,"version":1,"__proto__":{"kind":"zero"}}';
  assert(issuesOf(JSON.parse(text))[0]?.message.includes("__proto__"));
  assert(issuesOf({ kind: "constructor", version: 1 })[0]?.path === "kind");
});

Deno.test("decode() does not overflow the stack on deep or cyclic input", () => {
  let deep: unknown = { kind: "identity" };
  for (let i = 0; i < 100_000; i++) deep = { kind: "skipNonFinite", of: deep };
  assert(issuesOf(deep)[0]?.found.includes("levels"));
  const cyclic: { kind: string; of?: unknown } = { kind: "skipNonFinite" };
  cyclic.of = cyclic;
  assert(issuesOf(cyclic)[0]?.found.includes("levels"));
});

Deno.test("contentHash() tells values from structure", () => {
  const one = contentHash(adam({ learningRate: 1e-3 }));
  const other = contentHash(adam({ learningRate: 2e-3 }));
  assertEquals(one.structural, other.structural);
  assertNotEquals(one.full, other.full);
  assertEquals(one, contentHash(adam()));
  assertEquals(
    contentHash(sophia({ every: 10 })).structural,
    contentHash(sophia({ every: 20 })).structural,
  );
  assertNotEquals(
    contentHash(sophia({ variant: "H" })).structural,
    contentHash(sophia({ variant: "G" })).structural,
  );
  assert(/^[0-9a-f]{16}$/.test(one.full));
});
