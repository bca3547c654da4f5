import * as E from "fp-ts/lib/Either.js";
import { assertEquals, assertMatch, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import { empiricalFisher, fisher } from "../../src/optimizer/calculating.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { add, floor, toSample } from "../../src/optimizer/damping.ts";
import { sum } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { coupledNewton, newtonSchulz } from "../../src/optimizer/solver.ts";
import { diagonal, full } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema } from "../../src/optimizer/transforms.ts";

const MUON = {
  calculating: empiricalFisher(),
  structure: kronecker({ merge: "trailing" }),
  length: lengths.gradientNorm(),
  solver: newtonSchulz(),
} satisfies CurvatureOptions;

const ROOTS = {
  calculating: empiricalFisher(),
  structure: kronecker(),
  length: lengths.gradientNorm(),
  solver: coupledNewton(),
} satisfies CurvatureOptions;

/** The paths and reasons of what is refused. */
function refused(options: CurvatureOptions): Record<string, string> {
  const { issues } = assertThrows(() => curvature(options), SteepestError);
  return Object.fromEntries(issues.map(({ path, expected }) => [path, expected]));
}

Deno.test("newtonSchulz() and coupledNewton() survive the codec with their numbers", () => {
  const solver = newtonSchulz({ steps: 7, coefficients: [1.5, -0.5, 0] });
  for (const stage of [curvature({ ...MUON, solver }), curvature(ROOTS)]) {
    assertEquals(decode(JSON.parse(encode(stage))), E.right(stage));
  }
  assertEquals(newtonSchulz().coefficients, [3.4445, -4.775, 2.0315]);
  assertThrows(() => newtonSchulz({ steps: 0 }), SteepestError);
  assertThrows(() => coupledNewton({ ridge: -1 }), SteepestError);
});

Deno.test("newtonSchulz() is refused where it is not the orthogonal factor of what is sampled", () => {
  const found = refused({
    ...MUON,
    calculating: empiricalFisher({ of: ema({ decay: 0.9 }) }),
    structure: kronecker({ exponent: 1 }),
    iterative: sum(),
    length: lengths.none(),
    direction: ema({ decay: 0.9 }),
    damping: toSample(1),
    every: { factor: 2 },
  });
  assertEquals(Object.keys(found).toSorted(), [
    "curvature/calculating/of",
    "curvature/damping/0",
    "curvature/direction",
    "curvature/every/factor",
    "curvature/iterative",
    "curvature/length",
    "curvature/structure/exponent",
    "curvature/structure/merge",
  ]);
  assertMatch(found["curvature/length"]!, /^gradientNorm: newtonSchulz makes an orthogonal matrix/);
  assertEquals(Object.keys(refused({ ...MUON, calculating: fisher() })), ["curvature/calculating"]);
  assertEquals(Object.keys(refused({ ...MUON, structure: full() })), ["curvature/solver"]);
});

Deno.test("coupledNewton() is refused with lengths that are no power, and powers that are no root", () => {
  const others = [
    lengths.eigenbasis(),
    lengths.clamped(1),
    lengths.gradientNormClipped(1),
    lengths.eigenbasisClipped(1),
  ];
  for (const length of others) {
    assertMatch(refused({ ...ROOTS, length })["curvature/length"]!, /knows no eigenbasis$/);
  }
  for (const damping of [add(1), floor(1)]) {
    assertMatch(refused({ ...ROOTS, damping })["curvature/damping/0"]!, /knows no eigenvalues$/);
  }
  const length = lengths.power(0.3);
  assertEquals(Object.keys(refused({ ...ROOTS, length })), ["curvature/length"]);
  const structure = kronecker({ exponent: 0.7 });
  assertEquals(Object.keys(refused({ ...ROOTS, structure })), ["curvature/structure/exponent"]);
  curvature({ ...ROOTS, structure: kronecker({ exponent: 0.1 }), length: lengths.power(0.5) });
  curvature({ ...ROOTS, structure: full(), length: lengths.clipped(1), iterative: sum() });
  assertEquals(Object.keys(refused({ ...ROOTS, structure: diagonal() })), ["curvature/solver"]);
});
