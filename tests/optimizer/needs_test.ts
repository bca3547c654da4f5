import { assert, assertEquals } from "../_assert.ts";
import fc from "fast-check";
import { empiricalFisher, fisher, gaussNewton, hessian } from "../../src/optimizer/calculating.ts";
import { add, chain, identity } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { clipByGlobalNorm, normalize } from "../../src/optimizer/derived.ts";
import { hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { matrices } from "../../src/optimizer/predicate.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { ema, newtonRaphson, scale, trace } from "../../src/optimizer/transforms.ts";
import { plateau, signal } from "../../src/optimizer/signal.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { sites } from "../../src/optimizer/walk.ts";
import {
  distanceAdapted,
  gradientAt,
  graft,
  masked,
  skipNonFinite,
} from "../../src/optimizer/wrappers.ts";
import { optimizerArbitrary } from "./_arbitrary.ts";

const structure = diagonal();

Deno.test("needs() asks for nothing beyond the gradient for momentum and clips", () => {
  assertEquals(needs(chain(clipByGlobalNorm(1), trace({ decay: 0.9 }), scale(0.1))), []);
});

Deno.test("needs() says who asks, how often and how many", () => {
  const optimizer = chain(
    gradientAt(chain(normalize(), scale(-0.05))),
    curvature({ calculating: hessian({ probes: 3 }), structure, every: { sample: 10 } }),
    newtonRaphson(),
  );
  assertEquals(needs(optimizer), [
    { path: "0/gradientAt", what: "gradientElsewhere", every: 1, count: 1 },
    { path: "1/curvature/calculating", what: "hessianVector", every: 10, count: 3 },
    { path: "2/newtonRaphson", what: "loss", every: 1, count: 1 },
  ]);
});

Deno.test("needs() lists the loss where a signal watches it", () => {
  const optimizer = chain(
    ema({ decay: signal("loss", { min: 0, max: 0.9 }) }),
    distanceAdapted({ of: scale(signal("distance")) }),
    scale(plateau({ from: 1 })),
  );
  assertEquals(needs(optimizer), [
    { path: "0/ema/decay", what: "loss", every: 1, count: 1 },
    { path: "2/scale/by", what: "loss", every: 1, count: 1 },
  ]);
});

Deno.test("sites() has one place where a warm-up is the direction", () => {
  const direction = ema({ decay: 0.9, debias: true });
  const stage = (use: Optimizer) =>
    curvature({ calculating: empiricalFisher(), structure, direction, warmup: { steps: 3, use } });
  assertEquals(
    sites(stage(ema({ decay: 0.9, debias: true }))).map(({ path }) => path),
    ["curvature", "curvature/calculating/identity", "curvature/direction/ema"],
  );
  assert(sites(stage(ema({ decay: 0.8 }))).some(({ path }) => path === "curvature/warmup/ema"));
});

Deno.test("needs() walks into branches, samples, directions and warm-ups", () => {
  const fisherStage = curvature({ calculating: fisher({ from: "examples" }), structure });
  const optimizer = masked(
    skipNonFinite(graft({
      direction: curvature({
        calculating: empiricalFisher({ of: add(identity(), fisherStage) }),
        structure,
        direction: curvature({ calculating: gaussNewton(), structure }),
        warmup: { steps: 3, use: newtonRaphson() },
      }),
      magnitude: newtonRaphson(),
    })),
    matrices(),
  );
  const inner = "partition/parts/0/skipNonFinite/graft";
  const stage = `${inner}/direction/curvature`;
  assertEquals(needs(optimizer).map(({ path, what }) => [path, what]), [
    [`${stage}/calculating/add/1/curvature/calculating`, "drawnLabels"],
    [`${stage}/calculating/add/1/curvature/calculating`, "perExampleGradients"],
    [`${stage}/direction/curvature/calculating`, "gaussNewtonVector"],
    [`${stage}/warmup/newtonRaphson`, "loss"],
    [`${inner}/magnitude/newtonRaphson`, "loss"],
  ]);
});

Deno.test("hyperparameters() lists values, rhythms and structure by path", () => {
  const optimizer = chain(
    curvature({
      calculating: hessian(),
      structure,
      iterative: ema({ decay: 0.99 }),
      direction: ema({ decay: 0.9 }),
      every: { sample: 10 },
    }),
    scale(0.1),
  );
  const byKind = (kind: string) =>
    hyperparameters(optimizer).filter((it) => it.kind === kind).map(({ path, value }) => [
      path,
      value,
    ]);
  assertEquals(byKind("value"), [
    ["0/curvature/iterative/0/decay", 0.99],
    ["0/curvature/direction/ema/decay", 0.9],
    ["1/scale/by", 0.1],
  ]);
  assertEquals(byKind("rhythm"), [
    ["0/curvature/every/sample", 10],
    ["0/curvature/every/factor", 1],
  ]);
  assert(byKind("structural").some(([path]) => path === "0/curvature/calculating/probes"));
});

Deno.test("sites() and hyperparameters() never give one path to two things", () => {
  fc.assert(
    fc.property(optimizerArbitrary({ matrices: true }), (optimizer) => {
      const paths = sites(optimizer)
        .filter((site) => site.optimizer.kind !== "chain") // a chain is its place: it has nothing of its own
        .map(({ path }) => path);
      assertEquals(new Set(paths).size, paths.length);
      const fields = hyperparameters(optimizer).map(({ path }) => path);
      assertEquals(new Set(fields).size, fields.length);
    }),
    { seed: 5, numRuns: 200 },
  );
});
