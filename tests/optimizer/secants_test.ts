/** Which combinations with pairs have no meaning, and why. */
import { SteepestError } from "../../src/errors.ts";
import { empiricalFisher, hessian, secant } from "../../src/optimizer/calculating.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { max, secantUpdate, sum } from "../../src/optimizer/iterative.ts";
import { clipped, normalized } from "../../src/optimizer/length.ts";
import { cg, lanczos } from "../../src/optimizer/solver.ts";
import { constant } from "../../src/optimizer/schedule.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import * as structures from "../../src/optimizer/structure.ts";
import { ema } from "../../src/optimizer/transforms.ts";
import { assert, assertMatch } from "../_assert.ts";

const { full, lowRank } = structures;
const pairs = { calculating: secant(), structure: full(), iterative: secantUpdate("bfgs") };
const few = {
  calculating: secant(),
  structure: lowRank(),
  iterative: secantUpdate("bfgs", { window: 3 }),
};

const REFUSED: readonly (readonly [string, CurvatureOptions, RegExp])[] = [
  ["a sum of pairs", { ...pairs, iterative: sum() }, /iterative.*one secantUpdate.*found sum/],
  ["an average of pairs", { ...pairs, iterative: ema({ decay: 0.9 }) }, /found ema/],
  ["a maximum of pairs", { ...pairs, iterative: max() }, /found max/],
  ["the newest pair", { ...pairs, iterative: [] }, /no matrix to accumulate, found latest/],
  [
    "a secant update and an average",
    { ...pairs, iterative: [secantUpdate("bfgs"), ema({ decay: 0.9 })] },
    /found secantUpdate, ema/,
  ],
  ["pairs and scalar", { ...pairs, structure: structures.scalar() }, /full or lowRank.*scalar/],
  ["pairs and diagonal", { ...pairs, structure: structures.diagonal() }, /H′s = y, found diagonal/],
  ["pairs and factored", { ...pairs, structure: structures.factored() }, /found factored/],
  ["pairs and kronecker", { ...pairs, structure: kronecker() }, /found kronecker/],
  ["pairs without a window", { ...few, iterative: secantUpdate("sr1") }, /window.*found nothing/],
  ["a window of a matrix", { ...few, structure: full() }, /nothing with full.*found 3/],
  ["lowRank of samples", { calculating: hessian(), structure: lowRank() }, /keeps the pairs/],
  ["lowRank of a constant", { calculating: constant(1), structure: lowRank() }, /found lowRank/],
  [
    "a secant update of samples",
    { ...pairs, calculating: empiricalFisher() },
    /folds the pairs of secant, and empiricalFisher has none/,
  ],
  ["pairs by products", { ...pairs, solver: cg() }, /cg has products of this step/],
  ["pairs by Lanczos", { ...few, solver: lanczos() }, /auto with lowRank, or eigen/],
  ["roots of pairs", { ...few, every: { factor: 2 } }, /lowRank has no roots or bases/],
  ["a norm by tensor", { ...few, length: normalized({ per: "tensor" }) }, /mixes what is in one/],
  ["a clip by unit", { ...pairs, length: clipped(1, { per: "unit" }) }, /mixes what is in one/],
];

for (const [name, options, message] of REFUSED) {
  Deno.test(`curvature() refuses ${name} with a reason`, () => {
    try {
      curvature(options);
    } catch (error) {
      assert(error instanceof SteepestError && error.kind === "description");
      assertMatch(error.message.replaceAll("\n", " "), message);
      return;
    }
    assert(false, "nothing was refused");
  });
}
