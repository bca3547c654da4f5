import { adafactor } from "../../src/optimizer/catalogue/adafactor.ts";
import { adadelta } from "../../src/optimizer/catalogue/adadelta.ts";
import { adagrad } from "../../src/optimizer/catalogue/adagrad.ts";
import { adahessian } from "../../src/optimizer/catalogue/adahessian.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import * as relatives from "../../src/optimizer/catalogue/adam_relatives.ts";
import { adamw } from "../../src/optimizer/catalogue/adamw.ts";
import * as adaptive from "../../src/optimizer/catalogue/adaptive_sgd.ts";
import { lamb, lars } from "../../src/optimizer/catalogue/layerwise.ts";
import { nasgd, normAdaptedAdam } from "../../src/optimizer/catalogue/nasgd.ts";
import { polyak } from "../../src/optimizer/catalogue/polyak.ts";
import { prodigy } from "../../src/optimizer/catalogue/prodigy.ts";
import { radam } from "../../src/optimizer/catalogue/radam.ts";
import { rmsprop } from "../../src/optimizer/catalogue/rmsprop.ts";
import { sam } from "../../src/optimizer/catalogue/sam.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { scheduleFreeAdamw, scheduleFreeSgd } from "../../src/optimizer/catalogue/schedule_free.ts";
import { lion, normalizedDescent, signDescent } from "../../src/optimizer/catalogue/sign.ts";
import { sophia } from "../../src/optimizer/catalogue/sophia.ts";
import { exponentialDecay } from "../../src/optimizer/schedule.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { assert } from "../_assert.ts";
import { follow } from "./_follow.ts";
import { type Problem, PROBLEMS } from "./_functions.ts";
import { NAIVE } from "./_naive.ts";

const OPTIMIZERS: Readonly<Record<string, (learningRate: number) => Optimizer>> = {
  sgd: (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => sgd({ learningRate, momentum: 0.9 }),
  nesterov: (learningRate) =>
    sgd({ learningRate, momentum: 0.9, nesterov: true, dampening: 0.3, weightDecay: 0.01 }),
  nasgd: () => nasgd({ alpha: 0.7, lowerBound: -10 }),
  normAdaptedAdam: () => normAdaptedAdam({ alpha: 0.1, lowerBound: -10, cap: 1 }),
  adaptiveSgd: () => adaptive.adaptiveSgd({ alpha: 0.1 }),
  adaptiveSgdConfidence: () => adaptive.adaptiveSgdConfidence({ alpha: 0.1, gamma: 0.1 }),
  signDescent: (learningRate) => signDescent({ learningRate, momentum: 0.8 }),
  normalizedDescent: (learningRate) => normalizedDescent({ learningRate }),
  adam: (learningRate) => adam({ learningRate }),
  adamw: (learningRate) => adamw({ learningRate }),
  amsgrad: (learningRate) => relatives.amsgrad({ learningRate }),
  adamax: (learningRate) => relatives.adamax({ learningRate }),
  nadam: (learningRate) => relatives.nadam({ learningRate }),
  radam: (learningRate) => radam({ learningRate, beta2: 0.99 }),
  prodigy: (learningRate) =>
    prodigy({
      learningRate: exponentialDecay({ from: learningRate, factor: 0.5, steps: 40 }),
      distance: 1e-3,
      growth: 1.5,
      eps: 0.3,
      weightDecay: 0.01,
    }),
  polyak: () => polyak({ alpha: 0.5, lowerBound: -10, cap: 0.01 }),
  adadelta: () => adadelta({ learningRate: 0.7 }),
  adabelief: (learningRate) => relatives.adabelief({ learningRate }),
  adan: (learningRate) => relatives.adan({ learningRate }),
  adagrad: (learningRate) => adagrad({ learningRate, initial: 0.1 }),
  rmsprop: (learningRate) => rmsprop({ learningRate, decay: 0.9, centred: true, momentum: 0.5 }),
  rmspropNesterov: (learningRate) =>
    rmsprop({ learningRate, decay: 0.9, momentum: 0.5, nesterov: true, weightDecay: 0.01 }),
  adahessian: (learningRate) => adahessian({ learningRate, eps: 1e-4, probes: 2 }),
  sophia: (learningRate) => sophia({ learningRate, every: 3, weightDecay: 0.01 }),
  lion: (learningRate) => lion({ learningRate, weightDecay: 0.01 }),
  lars: (learningRate) => lars({ learningRate }),
  lamb: (learningRate) => lamb({ learningRate }),
  adafactor: (learningRate) => adafactor({ learningRate }),
  scheduleFreeSgd: (learningRate) => scheduleFreeSgd({ learningRate, weightDecay: 0.01 }),
  scheduleFreeAdamw: (learningRate) =>
    scheduleFreeAdamw({ learningRate, beta: 0.8, weightDecay: 0.01 }),
  sam: (learningRate) => sam({ learningRate }),
};

/** The map of norm-adapted descent is chaotic: no two orders of summation agree for long. */
const STEPS = (name: string): number => name === "nasgd" || name === "polyak" ? 12 : 50;

/** Largest difference between the two paths, relative to how far the parameters are from 0. */
function deviation(name: string, problem: Problem): number {
  const optimizer = OPTIMIZERS[name]!(problem.rate);
  const { thetas } = follow(problem.objective, optimizer, problem.start, STEPS(name));
  const step = NAIVE[name]!(problem, problem.rate);
  let x = [...problem.start], worst = 0;
  for (let t = 0; t < STEPS(name); t++) {
    const d = step(x, t);
    x = x.map((xi, i) => xi + d[i]!);
    x.forEach((xi, i) =>
      worst = Math.max(worst, Math.abs(xi - thetas[t + 1]![i]!) / (1 + Math.abs(xi)))
    );
  }
  assert(x.every(Number.isFinite), `${name} on ${problem.name}: ${x}`);
  return worst;
}

for (const name of Object.keys(OPTIMIZERS)) {
  Deno.test(`lower() follows the formulas of ${name} when its catalogue expression runs`, () => {
    for (const problem of PROBLEMS) {
      const worst = deviation(name, problem);
      assert(worst < 1e-9, `${name} on ${problem.name}: ${worst}`);
    }
  });
}
