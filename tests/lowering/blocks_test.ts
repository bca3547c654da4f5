import { empiricalFisher, hessian } from "../../src/optimizer/calculating.ts";
import { adafactor } from "../../src/optimizer/catalogue/adafactor.ts";
import { lamb, lars } from "../../src/optimizer/catalogue/layerwise.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { abs, floor } from "../../src/optimizer/damping.ts";
import {
  adaptiveGradientClip,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByUnitNorm,
} from "../../src/optimizer/derived.ts";
import type { NormKind, Per } from "../../src/optimizer/blocks.ts";
import { max } from "../../src/optimizer/iterative.ts";
import { clipped, gradientNorm, none, normalized } from "../../src/optimizer/length.ts";
import { scaleByParameterNorm, trustRatio } from "../../src/optimizer/parameter_norms.ts";
import { matrices as isMatrix } from "../../src/optimizer/predicate.ts";
import { constant } from "../../src/optimizer/schedule.ts";
import { blockDiagonal, diagonal, factored, scalar } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale, weightDecay } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { graft, partition } from "../../src/optimizer/wrappers.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { assert, assertEquals, assertGreater } from "../_assert.ts";
import { blocks, ENTRIES, factors, gradient, normAt, scaled, shapes, START } from "./_blocks.ts";
import { follow, type Path } from "./_follow.ts";

type Update = (u: readonly number[], x: readonly number[], t: number) => number[];

/** scalar 1, vector 5, matrix 3 + 7, column 4 + 1, row 1 + 4, cube 2·(1 + 3), kernel 6·(2 + 5). */
const FACTORS = 1 + 5 + 10 + 5 + 5 + 8 + 42;
const PERS: readonly Per[] = ["global", "tensor", "unit"];
const NORMS: readonly NormKind[] = ["euclidean", "rms"];

/** Follows an optimizer and the same by hand. */
function compare(optimizer: Optimizer, naive: Update, steps = 5): Path {
  const path = follow(shapes, optimizer, START, steps);
  let x = [...START];
  for (let t = 0; t < steps; t++) {
    const u = naive(gradient(x), x, t);
    x = x.map((xi, i) => xi - u[i]!);
    const worst = Math.max(
      ...x.map((xi, i) => Math.abs(xi - path.thetas[t + 1]![i]!) / (1 + Math.abs(xi))),
    );
    assert(worst < 1e-10, `step ${t}: ${worst}`);
  }
  return path;
}

const times = (k: number, x: readonly number[]) => x.map((xi) => k * xi);

for (const per of PERS) {
  for (const norm of NORMS) {
    Deno.test(`lower() normalizes by ${per} and ${norm} as the loops do`, () => {
      const length = normalized({ per, norm });
      const stage = curvature({ calculating: constant(4), structure: diagonal(), length });
      // ‖u/4‖_H = ‖u‖/2, and the step u/4 divided by it.
      compare(
        chain(stage, scale(0.1)),
        (u) => scaled(u, blocks(per), (block) => 0.1 * 0.5 / normAt(u, block, norm)),
      );
    });

    Deno.test(`lower() clips by ${per} and ${norm}, and counts what it clips`, () => {
      const limit = norm === "rms" ? 0.8 : 1.6;
      const stage = curvature({
        calculating: empiricalFisher(),
        structure: diagonal(),
        length: clipped(limit, { per, norm }),
        damping: floor(0.5),
      });
      const counts: number[] = [];
      const { records } = compare(chain(stage, scale(0.1)), (u) => {
        const lambda = u.map((ui) => Math.max(ui * ui, 0.5));
        const d = u.map((ui, i) => ui / lambda[i]!);
        const inH = d.map((di, i) => di * Math.sqrt(lambda[i]!));
        let count = 0;
        const out = scaled(d, blocks(per), (block) => {
          const n = normAt(inH, block, norm);
          if (n > limit) count++;
          return n > limit ? limit / n : 1;
        });
        counts.push(count);
        return times(0.1, out);
      });
      assertEquals(records.map((r) => r.get("record/0/curvature/clipped")), counts);
      assertGreater(Math.max(...counts), 0);
    });

    Deno.test(`scaleByParameterNorm() is the loops when the norm is ${norm} by ${per}`, () => {
      const optimizer = chain(scaleByParameterNorm({ per, norm, floor: 0.7 }), scale(0.1));
      compare(
        optimizer,
        (u, x) => scaled(u, blocks(per), (block) => 0.1 * Math.max(0.7, normAt(x, block, norm))),
      );
    });
  }

  Deno.test(`trustRatio() is the loops when blocks are ${per}`, () => {
    const optimizer = trustRatio({
      coefficient: 0.2,
      per,
      floor: 0.05,
      decay: 0.1,
      eps: 0.01,
      min: 0.02,
      max: 0.09,
      direction: weightDecay(0.1),
    });
    const counts: number[] = [];
    const { records } = compare(optimizer, (u, x) => {
      let count = 0;
      const moved = u.map((ui, i) => ui + 0.1 * x[i]!);
      const out = scaled(moved, blocks(per), (block) => {
        const own = normAt(x, block, "euclidean"), length = normAt(u, block, "euclidean");
        const free = 0.2 * Math.max(own, 0.05) / (length + 0.1 * own + 0.01);
        const ratio = Math.min(0.09, Math.max(0.02, free));
        if (ratio !== free) count++;
        return ratio;
      });
      counts.push(count);
      return out;
    });
    assertEquals(records.map((r) => r.get("record/trustRatio/bounded")), counts);
    assertGreater(Math.max(...counts), 0);
  });

  Deno.test(`trustRatio() adds the norm of θ itself, not the floor, by ${per}`, () => {
    const { records } = compare(
      trustRatio({ coefficient: 0.05, per, floor: 3, decay: 0.5 }),
      (u, x) =>
        scaled(u, blocks(per), (block) => {
          const own = normAt(x, block, "euclidean");
          return 0.05 * Math.max(3, own) / (normAt(u, block, "euclidean") + 0.5 * own);
        }),
    );
    assert(!records[0]!.has("record/trustRatio/bounded"));
  });

  Deno.test(`graft() takes norms by ${per}`, () => {
    const magnitude = chain(ema({ decay: 0.5 }), scale(0.1));
    const m = START.map(() => 0);
    compare(graft({ direction: scale(3), magnitude, per }), (u) => {
      u.forEach((ui, i) => m[i] = 0.5 * m[i]! + 0.5 * ui);
      return scaled(
        u,
        blocks(per),
        (block) => 0.1 * normAt(m, block, "euclidean") / normAt(u, block, "euclidean"),
      );
    });
  });
}

Deno.test("derived clips are their formulas when tensors have odd shapes", () => {
  const clip = (limit: number, per: Per, norm: NormKind): Update => (u) =>
    scaled(u, blocks(per), (block) => 0.1 * Math.min(1, limit / normAt(u, block, norm)));
  compare(chain(clipByGlobalNorm(2), scale(0.1)), clip(2, "global", "euclidean"));
  compare(chain(clipByBlockRms(0.9), scale(0.1)), clip(0.9, "tensor", "rms"));
  compare(chain(clipByUnitNorm(1.2), scale(0.1)), clip(1.2, "unit", "euclidean"));
  compare(
    chain(adaptiveGradientClip(0.3), scale(0.1)),
    (u, x) =>
      scaled(u, blocks("unit"), (block) => {
        const most = 0.3 * Math.max(1e-3, normAt(x, block, "euclidean"));
        const length = normAt(u, block, "euclidean");
        return 0.1 * (length > most ? most / length : 1);
      }),
  );
});

Deno.test("trustRatio() is 1 before its bounds where a norm is 0", () => {
  const first = (optimizer: Optimizer) => {
    const path = follow(shapes, optimizer, START, 1);
    const row = ENTRIES.find(({ path }) => path === "row")!;
    return path.thetas[1]![row.offset]! - START[row.offset]!;
  };
  // The tensor `row` starts at 0, where the gradient is cos 0 = 1.
  assertEquals(first(trustRatio({ coefficient: 0.01 })), -1);
  assertEquals(first(trustRatio({ coefficient: 0.01, max: 0.5 })), -0.5);
  assert(Math.abs(first(trustRatio({ coefficient: 0.01, floor: 1 })) + 0.005) < 1e-12);
  assertEquals(first(scaleByParameterNorm({ floor: 0 })), 0);
  const still = follow(shapes, chain(scale(0), trustRatio()), START, 1);
  assertEquals(still.thetas[1], [...START]);
});

Deno.test("factored() keeps rows and columns when tensors have odd shapes", () => {
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: factored(),
    iterative: ema({ decay: 0.7 }),
    length: gradientNorm(),
  });
  const f = factors();
  const { program } = compare(chain(stage, scale(0.02)), (u) => {
    const lambda = f.next(u.map((x) => x * x), 0.7);
    return u.map((ui, i) => 0.02 * ui / Math.sqrt(lambda[i]!));
  });
  const slot = program.slots.find(({ name }) => name === "state/0/curvature/iterative/0/mean");
  assertEquals(slot?.shape, [FACTORS]);
});

Deno.test("factored() keeps signs of samples, and drops what has no mean", () => {
  // A Hessian probe of Σ cx²/2 + sin x is its diagonal, whatever the signs.
  const stage = curvature({
    calculating: hessian(),
    structure: factored(),
    length: none(),
    damping: [abs(), floor(0.3)],
  });
  const f = factors();
  const diagonalAt = (x: readonly number[]) => {
    const h = 1e-6;
    return x.map((_, i) => {
      const moved = (d: number) => gradient(x.map((xj, j) => i === j ? xj + d : xj))[i]!;
      return (moved(h) - moved(-h)) / (2 * h);
    });
  };
  const path = follow(shapes, chain(stage, scale(0.01)), START, 1);
  const lambda = f.next(diagonalAt(START), 0);
  assert(lambda.some((l) => l < -0.3), "some λ are negative");
  gradient(START).forEach((g, i) => {
    const wanted = START[i]! - 0.01 * g / Math.max(Math.abs(lambda[i]!), 0.3);
    assert(Math.abs(path.thetas[1]![i]! - wanted) < 1e-6, `${i}`);
  });
  const dropped = follow(
    shapes,
    curvature({ calculating: empiricalFisher({ of: scale(0) }), structure: factored() }),
    START,
    1,
  );
  assertEquals(dropped.thetas[1], [...START]);
  assertEquals(dropped.records[0]!.get("record/curvature/dropped"), START.length);
});

Deno.test("lower() takes norms over the part when a partition holds them", () => {
  const optimizer = partition(
    [{ where: isMatrix(), of: chain(clipByGlobalNorm(1), scale(0.1)) }],
    chain(trustRatio({ per: "global", coefficient: 0.1 }), scaleByParameterNorm({ per: "unit" })),
  );
  const inside = ENTRIES.filter(({ shape }) => shape.length >= 2);
  const others = ENTRIES.filter(({ shape }) => shape.length < 2);
  compare(optimizer, (u, x) => {
    const clip = (block: number[]) => 0.1 * Math.min(1, 1 / normAt(u, block, "euclidean"));
    const trust = (block: number[]) =>
      0.1 * normAt(x, block, "euclidean") / normAt(u, block, "euclidean");
    const one = scaled(u, blocks("global", inside), clip);
    const two = scaled(one, blocks("global", others), trust);
    return scaled(two, blocks("unit", others), (block) => Math.max(1e-3, normAt(x, block, "rms")));
  });
});

Deno.test("lars, lamb and adafactor are their papers' loops when tensors have odd shapes", () => {
  const tensors = blocks("tensor");
  const v = START.map(() => 0);
  compare(lars({ learningRate: 2, coefficient: 0.01, weightDecay: 0.1 }), (g, x) => {
    const moved = g.map((gi, i) => gi + 0.1 * x[i]!);
    const local = scaled(moved, tensors, (block) => {
      const own = normAt(x, block, "euclidean"), length = normAt(g, block, "euclidean");
      return own > 0 && length > 0 ? 0.01 * own / (length + 0.1 * own) : 1;
    });
    local.forEach((d, i) => v[i] = 0.9 * v[i]! + 2 * d);
    return [...v];
  }, 8);

  const m = START.map(() => 0), s = START.map(() => 0);
  compare(lamb({ learningRate: 0.05, weightDecay: 0.1 }), (g, x, t) => {
    const r = g.map((gi, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * gi;
      s[i] = 0.999 * s[i]! + 0.001 * gi * gi;
      const root = Math.sqrt(s[i]! / (1 - 0.999 ** (t + 1)));
      return m[i]! / (1 - 0.9 ** (t + 1)) / (root + 1e-6) + 0.1 * x[i]!;
    });
    return scaled(r, tensors, (block) => {
      const own = normAt(x, block, "euclidean");
      return 0.05 * (own > 0 ? own / normAt(r, block, "euclidean") : 1);
    });
  }, 8);

  const f = factors();
  compare(adafactor({ learningRate: 0.1, weightDecay: 0.1 }), (g, x, t) => {
    const lambda = f.next(g.map((gi) => gi * gi + 1e-30), 1 - (t + 1) ** -0.8);
    const u = g.map((gi, i) => gi / Math.sqrt(lambda[i]!));
    const short = scaled(
      u,
      tensors,
      (block) => Math.max(1e-3, normAt(x, block, "rms")) / Math.max(1, normAt(u, block, "rms")),
    );
    return short.map((d, i) => 0.1 * (d + 0.1 * x[i]!));
  }, 8);
});

/** A matrix for each axis of each tensor; a number is a vector of one. */
const AXES = ENTRIES.flatMap(({ shape }) => shape.length === 0 ? [1] : shape)
  .reduce((total, n) => total + n * n, 0);

/** A matrix for each tensor. */
const BLOCKS = ENTRIES.reduce((total, { size }) => total + size ** 2, 0);

Deno.test("stateSlots() tells the true size of every statistic", () => {
  const n = START.length;
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: factored(),
    iterative: [ema({ decay: 0.9, centred: true, debias: true }), max()],
    direction: ema({ decay: 0.9 }),
    damping: floor(0.1),
  });
  const axes = curvature({
    calculating: empiricalFisher(),
    structure: kronecker(),
    iterative: ema({ decay: 0.9, centred: true }),
  });
  const blocks = curvature({
    calculating: empiricalFisher(),
    structure: blockDiagonal(),
    iterative: ema({ decay: 0.9 }),
  });
  for (const optimizer of [adafactor(), lars(), lamb(), stage, axes, blocks]) {
    const { slots } = follow(shapes, optimizer, START, 0).program;
    const state = slots.filter(({ role }) => role === "state");
    const sizes = {
      parameters: n,
      factors: FACTORS,
      matrix: n * n,
      axes: AXES,
      blocks: BLOCKS,
      layers: 0,
      scalar: 1,
    };
    assertEquals(
      new Map(state.map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)])),
      new Map(stateSlots(optimizer).map(({ path, size }) => [`state/${path}`, sizes[size]])),
    );
  }
});

Deno.test("scalar() and diagonal() clip alike when λ is constant", () => {
  const stage = (structure: Parameters<typeof curvature>[0]["structure"]) =>
    curvature({ calculating: constant(2), structure, length: clipped(0.3, { per: "unit" }) });
  const one = follow(shapes, stage(scalar()), START, 3).thetas[3]!;
  follow(shapes, stage(diagonal()), START, 3).thetas[3]!.forEach((x, i) =>
    assert(Math.abs(x - one[i]!) < 1e-12)
  );
});
