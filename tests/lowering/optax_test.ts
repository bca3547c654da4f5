import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import * as relatives from "../../src/optimizer/catalogue/adam_relatives.ts";
import { adamw } from "../../src/optimizer/catalogue/adamw.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { lion, signDescent } from "../../src/optimizer/catalogue/sign.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { add } from "../../src/optimizer/damping.ts";
import { clipByGlobalNorm } from "../../src/optimizer/derived.ts";
import { sum } from "../../src/optimizer/iterative.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import { cosineDecay } from "../../src/optimizer/schedule.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { ema, scale, trace } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { assert, assertEquals } from "../_assert.ts";
import { follow } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";
import reference from "./optax/trajectories.json" with { type: "json" };

const learningRate = 0.05;

const roots = (options: Pick<CurvatureOptions, "iterative" | "damping">) =>
  curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    length: gradientNorm(),
    ...options,
  });

/** The same optimizers under optax's conventions, which put ε under the root where these say `add`. */
const OPTIMIZERS: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate }),
  momentum: sgd({ learningRate, momentum: 0.9 }),
  nesterov: sgd({ learningRate, momentum: 0.9, nesterov: true }),
  adam: adam({ learningRate }),
  adamw: adamw({ learningRate }),
  amsgrad: relatives.amsgrad({ learningRate }),
  nadam: relatives.nadam({ learningRate }),
  adabelief: relatives.adabelief({ learningRate }),
  adagrad: chain(roots({ iterative: sum({ initial: 0.1 }), damping: add(1e-7) }), scale(0.05)),
  rmsprop: chain(roots({ iterative: ema({ decay: 0.9 }), damping: add(1e-8) }), scale(0.05)),
  rmspropCentred: chain(
    roots({ iterative: ema({ decay: 0.9, centred: true }), damping: add(1e-3) }),
    scale(0.05),
    trace({ decay: 0.5 }),
  ),
  lion: lion({ learningRate, weightDecay: 0.01 }),
  signDescent: signDescent({ learningRate }),
  clip: chain(clipByGlobalNorm(0.3), adam({ learningRate })),
  cosine: chain(trace({ decay: 0.5 }), scale(cosineDecay({ from: 0.1, steps: 40 }))),
  ema: chain(ema({ decay: 0.9, debias: true }), scale(0.05)),
};

const AT = [1, 2, 10, 50];
const { objective, start } = PROBLEMS[2]!;
const paths = reference.paths as Readonly<Record<string, readonly (readonly number[])[]>>;

for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
  Deno.test(`lower() walks optax's path of ${name} when the conventions are the same`, () => {
    const { thetas } = follow(objective, optimizer, start, 50);
    AT.forEach((step, k) =>
      thetas[step]!.forEach((x, i) => {
        const expected = paths[name]![k]![i]!;
        assert(Math.abs(x - expected) < 1e-7, `step ${step}, element ${i}: ${x}, ${expected}`);
      })
    );
  });
}

Deno.test("every path of optax is walked", () => {
  assertEquals(Object.keys(OPTIMIZERS).sort(), Object.keys(paths).sort());
});
